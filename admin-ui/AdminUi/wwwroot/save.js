// Hands a file that the circuit made to the browser's own download.
window.montalegreSave = async (name, type, content) => {
  const url = URL.createObjectURL(new Blob([await content.arrayBuffer()], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
};
