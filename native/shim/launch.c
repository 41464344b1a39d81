/* Starts one worker: connects to its machine and to its gateway, sets the limits that outlive exec, and becomes the
 * sandbox. Nothing the machine says is read here.
 * Usage: launch CONTROL HOST PORT CONNECT_MS MEMORY_MB GROUP SCRATCH_FOLDER SCRATCH_MB PROGRAM ARGUMENT...
 * GROUP is a control group that the worker is to live in, or "-". The program finds the gateway at descriptor 3, the machine at
 * descriptor 4, and at descriptor 5 a file without a name, for what is in its drive; with SCRATCH_MB 0 there is none. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum
{
	CONTROL = 3,
	MACHINE = 4,
	SCRATCH = 5,
	FIRST_FREE = 10, /* the two are opened above this, so that moving one cannot overwrite the other */
	MOST_FILES = 256,
	USAGE = 64,
	NO_GATEWAY = 65,
	NO_MACHINE = 66,
	NO_SANDBOX = 67,
	NO_SCRATCH = 68,
};

static int fail(int code, const char* what)
{
	fprintf(stderr, "montalegre-launch: %s: %s\n", what, strerror(errno));
	return code;
}

static int raise_above(int descriptor)
{
	const int raised = fcntl(descriptor, F_DUPFD_CLOEXEC, FIRST_FREE);
	close(descriptor);
	return raised;
}

static int connect_control(const char* path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address.sun_path))
	{
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, path);
	const int control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (control < 0)
		return -1;
	if (connect(control, (const struct sockaddr*)&address, sizeof(address)) != 0)
	{
		close(control);
		return -1;
	}
	return raise_above(control);
}

static long milliseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int connect_one(const struct addrinfo* to, long deadline)
{
	const int machine = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (machine < 0)
		return -1;
	int error = connect(machine, to->ai_addr, to->ai_addrlen) == 0 ? 0 : errno;
	if (error == EINPROGRESS)
	{
		struct pollfd ready = { .fd = machine, .events = POLLOUT };
		const long left = deadline - milliseconds();
		socklen_t length = sizeof(error);
		if (left <= 0 || poll(&ready, 1, (int)left) != 1)
			error = ETIMEDOUT;
		else if (getsockopt(machine, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
			error = errno;
	}
	if (error)
	{
		close(machine);
		errno = error;
		return -1;
	}
	const int on = 1, idle = 10, interval = 5, probes = 3;
	setsockopt(machine, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(machine, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(machine, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(machine, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(machine, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	fcntl(machine, F_SETFL, fcntl(machine, F_GETFL) & ~O_NONBLOCK);
	return raise_above(machine);
}

static int connect_machine(const char* host, const char* port, long patience)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo* all = NULL;
	if (getaddrinfo(host, port, &hints, &all) != 0)
	{
		errno = EHOSTUNREACH;
		return -1;
	}
	const long deadline = milliseconds() + patience;
	int machine = -1;
	for (const struct addrinfo* one = all; one && machine < 0; one = one->ai_next)
		machine = connect_one(one, deadline);
	const int error = errno;
	freeaddrinfo(all);
	errno = error;
	return machine;
}

/* A file that nobody else can open, and that is gone with its last descriptor. */
static int open_scratch(const char* folder)
{
	int scratch = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (scratch < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
	{
		/* Not every file system makes files without a name; there it has one for a moment. */
		char path[PATH_MAX];
		const int length = snprintf(path, sizeof(path), "%s/scratch-XXXXXX", folder);
		if (length < 0 || (size_t)length >= sizeof(path))
		{
			errno = ENAMETOOLONG;
			return -1;
		}
		scratch = mkostemp(path, O_CLOEXEC);
		if (scratch >= 0)
			unlink(path);
	}
	return scratch < 0 ? -1 : raise_above(scratch);
}

static int limit(__rlimit_resource_t what, rlim_t most)
{
	const struct rlimit limit = { .rlim_cur = most, .rlim_max = most };
	return setrlimit(what, &limit);
}

/* This process, and with it all that come of it. */
static int enter_group(const char* folder)
{
	char path[512];
	const int length = snprintf(path, sizeof(path), "%s/cgroup.procs", folder);
	if (length < 0 || (size_t)length >= sizeof(path))
	{
		errno = ENAMETOOLONG;
		return -1;
	}
	const int group = open(path, O_WRONLY | O_CLOEXEC);
	if (group < 0)
		return -1;
	const ssize_t written = write(group, "0", 1);
	const int error = errno;
	close(group);
	errno = error;
	return written == 1 ? 0 : -1;
}

int main(int argc, char** argv)
{
	if (argc < 10)
	{
		errno = EINVAL;
		return fail(USAGE, "usage: launch CONTROL HOST PORT CONNECT_MS MEMORY_MB GROUP SCRATCH_FOLDER SCRATCH_MB PROGRAM ARGUMENT...");
	}
	/* The gateway's end must be ours too, before and after the sandbox takes over. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	const int machine = connect_machine(argv[2], argv[3], strtol(argv[4], NULL, 10));
	if (machine < 0)
		return fail(NO_MACHINE, "the machine does not answer");
	const rlim_t scratch_size = (rlim_t)strtoul(argv[8], NULL, 10) * 1024 * 1024;
	const int scratch = scratch_size > 0 ? open_scratch(argv[7]) : -1;
	if (scratch_size > 0 && scratch < 0)
		return fail(NO_SCRATCH, argv[7]);
	/* Last, because the call says that there is a machine. */
	const int control = connect_control(argv[1]);
	if (control < 0)
		return fail(NO_GATEWAY, "the gateway is gone");
	if (strcmp(argv[6], "-") != 0 && enter_group(argv[6]) != 0)
		return fail(NO_SANDBOX, argv[6]);
	const rlim_t memory = (rlim_t)strtoul(argv[5], NULL, 10) * 1024 * 1024;
	if (limit(RLIMIT_DATA, memory) != 0 || limit(RLIMIT_NOFILE, MOST_FILES) != 0 || limit(RLIMIT_CORE, 0) != 0 ||
	    limit(RLIMIT_FSIZE, scratch_size) != 0)
		return fail(NO_SANDBOX, "the limits cannot be set");
	/* The desktop of one person must not starve the gateway's other work. */
	setpriority(PRIO_PROCESS, 0, 5);
	if (dup2(control, CONTROL) < 0 || dup2(machine, MACHINE) < 0 ||
	    (scratch >= 0 && dup2(scratch, SCRATCH) < 0))
		return fail(NO_SANDBOX, "the descriptors cannot be passed");
	execv(argv[9], argv + 9);
	return fail(NO_SANDBOX, argv[9]);
}
