// Package waits holds how long the plugin waits for what may never come: a body, an
// answer, a file that is being written. They are variables for the sake of the tests of
// a whole Caddy, which need not wait as long: a configuration reads them once, when it
// is provisioned, and nothing but a test sets them.
package waits

import "time"

var (
	// Body is how long somebody may take to send a body that a gate reads before it
	// answers by itself.
	Body = 10 * time.Second

	// Probes are what probes may take that go astray, to an upstream that does not
	// answer, say. One that fails is repeated before it is believed: the first may have
	// met a reload, or a handler that was short of time.
	Probes = []time.Duration{2 * time.Second, 3 * time.Second}

	// Provider bounds one call to ProConnect, and the calls that one callback makes,
	// all together.
	Provider = 10 * time.Second

	// Fresh is how long an answer of ProConnect's says that it is there: for so long,
	// browsers are sent there that are to come back at once.
	Fresh = time.Minute

	// FirstAsk is how long after a start ProConnect is asked whether it answers: a
	// configuration that is replaced at once, or does not start after all, asks nothing.
	FirstAsk = time.Second

	// Turn is how long a callback waits until its call may be made.
	Turn = 4 * time.Second

	// Forgiven is how long it takes to forgive an address one refused code.
	Forgiven = 2 * time.Second

	// Writes is how often logouts are written into the storage at most. Those in between
	// share the next write, and their answers wait for it.
	Writes = time.Second

	// Answers bounds how long an answer to a browser waits for the storage: that of a
	// logout for being written, the first one after a start for reading who logged out.
	Answers = 2 * time.Second

	// Looks is how often the storage is asked what other nodes wrote.
	Looks = 5 * time.Second

	// Lists is how often lists are looked at.
	Lists = time.Second

	// Settling is how long a list is read again although nothing of it seems to
	// change: some file systems keep times in steps of two seconds, within which a
	// second write of the same length cannot be seen.
	Settling = 2 * time.Second

	// Unended is how long a list must have lain still whose last line has no end: half
	// a SIRET may be a SIREN, half an address another one, and a slow writer pauses.
	Unended = 10 * time.Second
)
