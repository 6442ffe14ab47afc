package operate

// The intents, for tables whose snapshot does not matter when the command starts.
type (
	StartCanary   = startCanary
	AutoPromote   = autoPromote
	AbortCanary   = abortCanary
	RestartPods   = restartPods
	ForgetRestart = forgetRestart
	PauseUpdate   = pauseUpdate
	ResumeUpdate  = resumeUpdate
	CancelDrain   = cancelDrain
	RecoverPod    = recoverPod
	ReleaseNodes  = releaseNodes
	Unpark        = unpark
)

// The messages, for tests that compare which one is shown, and about what, not its words.
var (
	HintQuotaExceeded       = hintQuotaExceeded
	HintQuotaRequires       = hintQuotaRequires
	HintRejected            = hintRejected
	MsgCannotRemove         = msgCannotRemove
	MsgEndedByItself        = msgEndedByItself
	MsgDrainKeptClaims      = msgDrainKeptClaims
	MsgDrainScaled          = msgDrainScaled
	MsgIgnoresParked        = msgIgnoresParked
	MsgInvalid              = msgInvalid
	MsgMayScale             = msgMayScale
	MsgMayScaleCanary       = msgMayScaleCanary
	MsgPlanChanged          = msgPlanChanged
	MsgPodNotCreated        = msgPodNotCreated
	MsgPodsTogether         = msgPodsTogether
	MsgQuotaExceeded        = msgQuotaExceeded
	MsgQuotaUse             = msgQuotaUse
	MsgRevisionLabelChanged = msgRevisionLabelChanged
	MsgSelectorMismatch     = msgSelectorMismatch
	MsgWebhookFails         = msgWebhookFails
	StepAddFinalizer        = stepAddFinalizer
	StepDrainFinish         = stepDrainFinish
	StepDrainFirst          = stepDrainFirst
	StepDrainRemove         = stepDrainRemove
	StepDrainRemoveMissing  = stepDrainRemoveMissing
	StepDrainScaleDown      = stepDrainScaleDown
	StepEvict               = stepEvict
	StepRemoveFinalizer     = stepRemoveFinalizer
)

// FinishUpdate is for a test of its hint.
var FinishUpdate = finishUpdate
