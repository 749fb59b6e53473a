package proconnect

import (
	"sync"
	"time"

	"go.uber.org/zap"
)

// complainEvery is how often one cause is told. Every page has a line of its own
// with its reference; the cause behind a thousand of them is told once.
const complainEvery = time.Minute

// complaints are the causes that were told lately.
type complaints struct {
	mu   sync.Mutex
	told map[string]time.Time
}

// reportOnce logs what the operator has to mend, at most once a minute.
func (h *Handler) reportOnce(cause string, fields ...zap.Field) {
	h.complaints.mu.Lock()
	now, last := time.Now(), h.complaints.told[cause]
	due := now.Sub(last) >= complainEvery
	if due {
		if h.complaints.told == nil {
			h.complaints.told = make(map[string]time.Time)
		}
		h.complaints.told[cause] = now
	}
	h.complaints.mu.Unlock()
	if due {
		h.log.Error(cause, fields...)
	}
}
