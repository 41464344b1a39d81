namespace Montalegre.Vdi.Domain;

/// <summary>
/// Why somebody is refused or has to wait. The same list as the public common.v1.ReasonCode, by name;
/// an architecture test keeps the two equal.
/// </summary>
public enum RefusalReason
{
    SignInFailed = 1, SignInBusy, SignInExpired, NotEntitled, NotAllowed, SetUpLinkInvalid, PasswordTooWeak,
    PermissionMissing = 18,
    PoolUnknown = 20, PoolDisabled, PoolFull, WaitingForMachine, WaitingForRefresh, ImageMissing, StorageFull,
    HostUnavailable, ProvisioningFailed, MachineUnreachable, MachineInMaintenance, LaunchTimedOut,
    NoHostCapacity, HostLimit, HostInMaintenance, CreationThrottled,
    TicketUnknown = 40, TicketUsed, TicketExpired, TicketForeign, NoTicket, NotRdp, TlsRefused, MachineDidNotAnswer,
    MachineCertificateChanged, AgentSilent, SignInNotPrepared, TooManyConnections, GatewayStopping, PasswordNeeded,
    AccessWithdrawn = 56,
    BrokerUnavailable = 60, DatabaseUnavailable, DiskFull, Internal,
    WorkerEnded = 70, BrowserDesktopUnavailable, BrowserProtocol, MachineSignInRefused, ContinuedElsewhere, ResumeTokenUnknown, IdleTooLong, MachineClosed,
    NameTaken = 80, NotFound, InUse, InvalidField, JoinTokenInvalid, CertificateRequestInvalid, DuplicateIdentity,
    SessionEnded, NotSupported, LastAdministrator,
    AssistNotConnected = 110, AssistNotInBrowser, AssistRunning, AssistOver, AssistEndedByPerson,
    QuotaReached = 140, PoolQuotaReached, LeftQueue, NotAssignable, GroupQuotaReached,
    FilesBlocked = 120, FileTooLarge, DriveFull, TooManyFiles, FileChanged, DriveNotTaken, PrintFailed,
    ImageDamaged = 150, ImageRefused, ImportIncomplete, TooManyImports, MachineRunning, ImageNotSealable,
    RolloutRunning = 160, RolloutOver, RolloutTooSlow, RolloutProbeLost, RolloutNoGateway, RolloutKeepsReady, RolloutWaitsForLogOff,
    PoolClosed = 170, WaitingForWake, ComputerDidNotWake,
    HostNotLost = 180, NoHostSharesDisk, StorageDiffers, WaitsForLogOff,
    SecondFactorNeeded = 190, CodeWrong, CodeUsed, StepExpired, SignInAgain, FactorMandatory, FactorExists, PasskeyRefused, PasskeyUnknown, PasskeysOff,
    PasskeyNeedsBrowser = 259,
    DirectoryUnreachable = 200, PasswordExpired, AccountLocked, AccountDisabled, TooManyTries, NewPasswordRefused, InDirectory,
    ApiKeyInvalid = 220, BreakGlassInvalid,
    ProviderUnreachable = 230, ProviderRefused, NotKnownHere, ClaimMissing,
    OtherProgramOpen = 240, ApplicationUnknown,
    TaskOver = 242, TaskBegun, TaskNotCancellable,
    SettingInvalid = 245, SettingLocked, SettingChanged,
    SessionLocked = 248, LockFailed,
    CertificateNotShown = 250, CertificateNotTrusted, CertificateExpired, CertificateRevoked, CertificateNotChecked, CertificateWrongUse, CertificateUnknown, CertificatesOff, CardRemoved,
    HostOfOtherSite = 260, SiteInUse, EndpointsInUse,
}
