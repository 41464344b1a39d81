using Google.Protobuf.WellKnownTypes;
using Microsoft.Playwright;
using Montalegre.Vdi.AdminUi.Tests.Fakes;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using static Microsoft.Playwright.Assertions;

namespace Montalegre.Vdi.AdminUi.Tests.Browser;
