using System.Globalization;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Portal.Languages;

/// <summary>Every word of the portal in one language; a language that lacks one does not compile.</summary>
public sealed record Texts
{
    public required CultureInfo Culture { get; init; }
    public required string Tag { get; init; }
    public required string OtherTag { get; init; }
    public required string OtherName { get; init; }

    public required string Product { get; init; }
    public required string SkipToContent { get; init; }
    public required string SignedInAs { get; init; }
    public required string SignOut { get; init; }
    public required string Language { get; init; }
    public required string Help { get; init; }

    public required string SignIn { get; init; }
    public required string SignInLead { get; init; }
    public required string UserName { get; init; }
    public required string Password { get; init; }
    public required string ShowPassword { get; init; }
    public required string HidePassword { get; init; }
    public required string FillBoth { get; init; }
    public required string OldPassword { get; init; }
    public required string NewPassword { get; init; }
    public required string NewPasswordAgain { get; init; }
    public required string PasswordsDiffer { get; init; }
    public required string ChangeAndSignIn { get; init; }
    public required string SignedOut { get; init; }
    public required Func<string, string> SignInWith { get; init; }
    public required string OtherWaysIn { get; init; }
    public required string SigningIn { get; init; }
    public required string SigningOut { get; init; }
    public required string GoOn { get; init; }
    public required string SignInWithCertificate { get; init; }

    public required string MyDesktops { get; init; }
    public required Func<string, string> Welcome { get; init; }
    public required string NoDesktops { get; init; }
    public required string NoDesktopsHelp { get; init; }
    public required string Refresh { get; init; }
    public required string Connect { get; init; }
    public required string BackToSession { get; init; }
    public required string LogOff { get; init; }
    public required string OpenApplication { get; init; }
    public required string ApplicationWord { get; init; }
    public required Func<string, string> LogOffFrom { get; init; }
    public required Func<string, string> StateOtherOpen { get; init; }
    public required Func<string, string> StateBeside { get; init; }
    public required string Machine { get; init; }
    public required string Since { get; init; }
    public required string ConnectedFrom { get; init; }
    public required string StateReady { get; init; }
    public required string StateReadyHelp { get; init; }
    public required string StateWait { get; init; }
    public required string StateActive { get; init; }
    public required string StateActiveHelp { get; init; }
    public required string StateDisconnected { get; init; }
    public required string StateDisconnectedHelp { get; init; }
    public required string StatePending { get; init; }
    public required string StatePendingHelp { get; init; }
    public required string StateLocked { get; init; }
    public required string StateLockedHelp { get; init; }
    public required string SignInAnew { get; init; }
    public required string StateUnavailable { get; init; }
    public required string SessionState { get; init; }
    public required string NoSession { get; init; }
    public required string UpdatesPaused { get; init; }

    public required string Code { get; init; }
    public required string Reference { get; init; }
    public required string TryAgain { get; init; }
    public required string ToMyDesktops { get; init; }
    public required string RefusedTitle { get; init; }
    public required string NotFoundTitle { get; init; }
    public required string NotFoundHelp { get; init; }
    public required string ForbiddenTitle { get; init; }
    public required string ForbiddenHelp { get; init; }

    public required Func<string, string> ConnectingTo { get; init; }
    public required Func<string, string> ReadyTitle { get; init; }
    public required string Waiting { get; init; }
    public required string WaitingHelp { get; init; }
    public required Func<uint, string> Place { get; init; }
    public required Func<uint, string> Estimate { get; init; }
    public required string NoEstimate { get; init; }
    public required Func<string, string> WaitingSince { get; init; }
    public required string StopWaiting { get; init; }
    public required string ReconnectionLead { get; init; }
    public required string NewSessionLead { get; init; }
    public required string FileTitle { get; init; }
    public required string FileHelp { get; init; }
    public required string DownloadFile { get; init; }
    public required string DownloadDirect { get; init; }
    public required string DirectHelp { get; init; }
    public required string MakeDirectCommand { get; init; }
    public required string FileOnce { get; init; }
    public required string CommandTitle { get; init; }
    public required string CommandHelp { get; init; }
    public required string MakeCommand { get; init; }
    public required string NewCommand { get; init; }
    public required string Copy { get; init; }
    public required string Copied { get; init; }
    public required string CopyFailed { get; init; }
    public required Func<int, string> ValidFor { get; init; }
    public required string CommandExpired { get; init; }
    public required string KeepsRunning { get; init; }

    public required Func<string, string> LogOffTitle { get; init; }
    public required string LogOffWarning { get; init; }
    public required Func<string, string> LogOffMachine { get; init; }
    public required string LogOffFiles { get; init; }
    public required string LogOffInstead { get; init; }
    public required string LogOffConfirm { get; init; }
    public required string KeepSession { get; init; }
    public required string LoggedOff { get; init; }
    public required string SessionIsOver { get; init; }

    public required Func<string, string> AddFavourite { get; init; }
    public required Func<string, string> RemoveFavourite { get; init; }
    public required string More { get; init; }
    public required string WithApp { get; init; }
    public required string Restart { get; init; }
    public required Func<string, string> RestartTitle { get; init; }
    public required string RestartWarning { get; init; }
    public required string RestartWhen { get; init; }
    public required string RestartConfirm { get; init; }
    public required string Restarted { get; init; }
    public required string Announcements { get; init; }
    public required string Urgent { get; init; }
    public required string Links { get; init; }
    public required string Display { get; init; }
    public required string DisplayLead { get; init; }
    public required string Contrast { get; init; }
    public required string ContrastNormal { get; init; }
    public required string ContrastHigh { get; init; }
    public required string TextSize { get; init; }
    public required string SizeNormal { get; init; }
    public required string SizeLarge { get; init; }
    public required string SizeLargest { get; init; }
    public required string Save { get; init; }
    public required string Account { get; init; }
    public required string SignIns { get; init; }
    public required string SignInsHelp { get; init; }
    public required string ThisSignIn { get; init; }
    public required string AtConsole { get; init; }
    public required string UnknownDevice { get; init; }
    public required string From { get; init; }
    public required string SignedInSince { get; init; }
    public required string EndSignIn { get; init; }
    public required Func<string, string> EndSignInOf { get; init; }
    public required string EndOtherSignIns { get; init; }
    public required string OnlySignIn { get; init; }
    public required string SignInsEnded { get; init; }
    public required string Looks { get; init; }
    public required string LooksLead { get; init; }
    public required string NobodyLooked { get; init; }
    public required string NameErased { get; init; }
    public required string LookReason { get; init; }
    public required string LookDesktop { get; init; }
    public required string LookHow { get; init; }
    public required string LookedOnly { get; init; }
    public required string LookedWithControl { get; init; }
    public required string LookAsked { get; init; }
    public required string LookFromTo { get; init; }
    public required string LookNow { get; init; }
    public required Func<OwnAssistanceState, string> LookState { get; init; }
    public required string SecondStep { get; init; }
    public required string SecondStepLead { get; init; }
    public required string CodeOfApp { get; init; }
    public required string RecoveryCode { get; init; }
    public required string RecoveryCodeLead { get; init; }
    public required string UseRecoveryCode { get; init; }
    public required string UseApp { get; init; }
    public required string NothingLeft { get; init; }
    public required string Continue { get; init; }
    public required string EnrolTitle { get; init; }
    public required string EnrolChoice { get; init; }
    public required string EnrolByPasskey { get; init; }
    public required string EnrolByApp { get; init; }
    public required string EnrolMandatory { get; init; }
    public required string EnrolScan { get; init; }
    public required string EnrolType { get; init; }
    public required string EnrolConfirm { get; init; }
    public required string QrCode { get; init; }
    public required string RecoveryCodes { get; init; }
    public required string RecoveryCodesOnce { get; init; }
    public required string CodesKept { get; init; }
    public required string SecondFactor { get; init; }
    public required string SecondFactorHelp { get; init; }
    public required string AuthenticatorApp { get; init; }
    public required string AddApp { get; init; }
    public required string RemoveApp { get; init; }
    public required string RemoveAppHelp { get; init; }
    public required string MandatoryHelp { get; init; }
    public required Func<uint, string> RecoveryCodesLeft { get; init; }
    public required string RenewCodes { get; init; }
    public required string FactorRemoved { get; init; }
    public required string SignInWithPasskey { get; init; }
    public required string UsePasskey { get; init; }
    public required string SecondStepPasskeyLead { get; init; }
    public required string AddPasskey { get; init; }
    public required string PasskeysHelp { get; init; }
    public required string PasskeyName { get; init; }
    public required string PasskeyNameHelp { get; init; }
    public required string PasskeyOnThisDevice { get; init; }
    public required string RenamePasskey { get; init; }
    public required string RemovePasskey { get; init; }
    public required Func<string, string> RemovePasskeyOf { get; init; }
    public required string RemovePasskeyHelp { get; init; }
    public required string PasskeyAdded { get; init; }
    public required string PasskeyRenamed { get; init; }
    public required string PasskeyRemoved { get; init; }
    public required string PasskeyFailed { get; init; }
    public required string PasskeyKnown { get; init; }
    public required string PasskeyNeedsScript { get; init; }
    public required string LastUsed { get; init; }
    public required string NotUsedYet { get; init; }
    public required string Accessibility { get; init; }
    public required string AccessibilityLead { get; init; }
    public required string AccessibilityDone { get; init; }
    public required IReadOnlyList<string> AccessibilityMet { get; init; }
    public required string AccessibilityLimitsTitle { get; init; }
    public required IReadOnlyList<string> AccessibilityLimits { get; init; }
    public required string AccessibilityTell { get; init; }
    public required string AccessibilityTellHow { get; init; }
    public required string HelpTitle { get; init; }
    public required string HelpLead { get; init; }
    public required string HelpReference { get; init; }
    public required string HelpTell { get; init; }
    public required string HelpTellReference { get; init; }
    public required string HelpTellWhat { get; init; }
    public required string HelpTellCode { get; init; }
    public required string HelpFirst { get; init; }
    public required string HelpStuck { get; init; }
    public required string HelpWaiting { get; init; }
    public required string HelpSlow { get; init; }

    public required BrowserTexts Browser { get; init; }

    /// <summary>What IT wrote in both languages, in this one; in the other when this one was left empty.</summary>
    public string Of(string portuguese, string english) =>
        Tag == "en" ? (english.Length > 0 ? english : portuguese) : portuguese.Length > 0 ? portuguese : english;

    /// <summary>A moment as people read it here: only the time today, else with the date; always 24 hours.</summary>
    public string When(DateTimeOffset moment, DateTimeOffset now) =>
        moment.Date == now.Date ? moment.ToString("HH:mm", Culture) : moment.ToString("dd/MM/yyyy HH:mm", CultureInfo.InvariantCulture);
}
