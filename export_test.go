package proconnect

// The options of each block, for tests of what is written about them.
var (
	ClientOptions  = clientBlock().names
	SessionOptions = sessionBlock().names
	AuditOptions   = auditBlock().names
	GateOptions    = gateBlock().names
)

// What the pages tell of ProConnect, for the same.
var (
	Environments = environments
	HandGranted  = handGranted
)
