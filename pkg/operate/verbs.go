package operate

// The guards that every verb has, or has a reason to do without: see [Verb].
const (
	guardLock   = "lock"
	guardDrain  = "scale operation"
	guardClaims = "claims"
)
