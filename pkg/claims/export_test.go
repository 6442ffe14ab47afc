package claims

// The messages, for tests that compare which one is shown, and about what, not its words.
var (
	MsgAmbiguousSet            = msgAmbiguousSet
	MsgClaimAmbiguous          = msgClaimAmbiguous
	MsgClaimControlled         = msgClaimControlled
	MsgClaimCreatedBy          = msgClaimCreatedBy
	MsgClaimFieldManager       = msgClaimFieldManager
	MsgClaimGarbageCollected   = msgClaimGarbageCollected
	MsgClaimMounted            = msgClaimMounted
	MsgClaimMountedByCondition = msgClaimMountedByCondition
	MsgClaimNameUnmatched      = msgClaimNameUnmatched
	MsgClaimNeeded             = msgClaimNeeded
	MsgClaimOtherLabels        = msgClaimOtherLabels
	MsgClaimOutOfRange         = msgClaimOutOfRange
	MsgClaimParked             = msgClaimParked
	MsgClaimReferenced         = msgClaimReferenced
	MsgClaimReserved           = msgClaimReserved
	MsgClaimSetGone            = msgClaimSetGone
	MsgClaimTemplateRemoved    = msgClaimTemplateRemoved
	MsgClaimTerminating        = msgClaimTerminating
	MsgClaimUnlabeled          = msgClaimUnlabeled
	MsgDoubtCondition          = msgDoubtCondition
	MsgDoubtFinalizer          = msgDoubtFinalizer
	MsgDoubtLost               = msgDoubtLost
	MsgDoubtOperator           = msgDoubtOperator
	MsgDoubtOtherSet           = msgDoubtOtherSet
	MsgDoubtParkedSize         = msgDoubtParkedSize
	MsgDoubtSharedStorage      = msgDoubtSharedStorage
	MsgDoubtVolumeTaken        = msgDoubtVolumeTaken
	MsgHeldAmbiguous           = msgHeldAmbiguous
	MsgHeldByClaim             = msgHeldByClaim
	MsgHeldBySet               = msgHeldBySet
	MsgHeldLastUseUnknown      = msgHeldLastUseUnknown
	MsgHeldNameOnly            = msgHeldNameOnly
	MsgHeldOtherSet            = msgHeldOtherSet
	MsgHeldPodsUnknown         = msgHeldPodsUnknown
	MsgHeldRestore             = msgHeldRestore
	MsgHeldRestored            = msgHeldRestored
	MsgHeldScalersUnknown      = msgHeldScalersUnknown
	MsgHeldSetGone             = msgHeldSetGone
	MsgHeldSizeUnknown         = msgHeldSizeUnknown
	MsgHeldUsedRecently        = msgHeldUsedRecently
	MsgHeldUsesUnknown         = msgHeldUsesUnknown
	MsgMatchedByLabels         = msgMatchedByLabels
	MsgMatchedByName           = msgMatchedByName
	MsgReservedByAnnotation    = msgReservedByAnnotation
	MsgReservedByDrain         = msgReservedByDrain
	MsgReservedByKEDA          = msgReservedByKEDA
	MsgReservedByParkedSize    = msgReservedByParkedSize
	MsgSetDeleting             = msgSetDeleting
)
