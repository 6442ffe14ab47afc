package diagnose

// The messages, for tests that compare which one is shown, and about what, not its words.
var (
	MsgCannotAttach         = msgCannotAttach
	MsgCannotCreate         = msgCannotCreate
	MsgCannotDelete         = msgCannotDelete
	MsgCannotMount          = msgCannotMount
	MsgContainerDetail      = msgContainerDetail
	MsgContainerWaiting     = msgContainerWaiting
	MsgCrashes              = msgCrashes
	MsgDeletedEachTime      = msgDeletedEachTime
	MsgFailed               = msgFailed
	MsgGateNotTrue          = msgGateNotTrue
	MsgGateWithoutCondition = msgGateWithoutCondition
	MsgGated                = msgGated
	MsgInitContainer        = msgInitContainer
	MsgLabelChanged         = msgLabelChanged
	MsgMinReadySeconds      = msgMinReadySeconds
	MsgMissing              = msgMissing
	MsgMissingAfterError    = msgMissingAfterError
	MsgMissingClaimDeleted  = msgMissingClaimDeleted
	MsgNameOfEarlierSet     = msgNameOfEarlierSet
	MsgNameTaken            = msgNameTaken
	MsgNameTerminating      = msgNameTerminating
	MsgNoSandbox            = msgNoSandbox
	MsgNoScaleUp            = msgNoScaleUp
	MsgNodeDidNotHelp       = msgNodeDidNotHelp
	MsgNodeRequested        = msgNodeRequested
	MsgNominated            = msgNominated
	MsgNotAdopted           = msgNotAdopted
	MsgNotCreatedAccepted   = msgNotCreatedAccepted
	MsgNotCreatedYet        = msgNotCreatedYet
	MsgNotDeletedYet        = msgNotDeletedYet
	MsgNotReady             = msgNotReady
	MsgNotScheduled         = msgNotScheduled
	MsgNotSelected          = msgNotSelected
	MsgNotStarted           = msgNotStarted
	MsgPhase                = msgPhase
	MsgReadinessGates       = msgReadinessGates
	MsgRecreated            = msgRecreated
	MsgRejected             = msgRejected
	MsgRepeated             = msgRepeated
	MsgSidecar              = msgSidecar
	MsgTerminatedContainer  = msgTerminatedContainer
	MsgTerminating          = msgTerminating
	MsgTerminatingOverdue   = msgTerminatingOverdue
	MsgUnboundByScheduler   = msgUnboundByScheduler
	MsgUnboundClaim         = msgUnboundClaim
	MsgUnboundEmptyClass    = msgUnboundEmptyClass
	MsgUnboundNoClass       = msgUnboundNoClass
	MsgUnboundVolumeMissing = msgUnboundVolumeMissing
	MsgUnboundVolumeStale   = msgUnboundVolumeStale
	MsgUnboundVolumeTaken   = msgUnboundVolumeTaken
	MsgUnreadyContainer     = msgUnreadyContainer
	MsgUnreadySidecar       = msgUnreadySidecar
	MsgUnschedulable        = msgUnschedulable
)
