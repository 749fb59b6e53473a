package proconnect

import (
	"sync"
	"time"
)

// complainEvery is how often one cause is told. Every page has a line of its own
// with its reference; the cause behind a thousand of them is told once.
const complainEvery = time.Minute

// complaints are the causes that were told lately.
type complaints struct {
	mu   sync.Mutex
	told map[string]time.Time
}
