package proconnect

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rp"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// gateMetrics is what is counted of a gate. A request that passes costs one atomic
// addition.
type gateMetrics struct {
	decisions [4]atomic.Uint64 // by outcome
	reported  [4]atomic.Uint64 // by what the rules of report would do
	refusals  tally            // by the position of the rule
	reports   tally            // likewise, of the rules of report
}

// clientMetrics is what is counted of a client.
type clientMetrics struct {
	logins     tally                  // by the level of authentication
	failures   tally                  // by reason
	calls      prometheus.ObserverVec // how long calls to ProConnect took, by what they ask for
	lastAnswer atomic.Int64           // of ProConnect, in Unix milliseconds; 0: none yet
}

func newClientMetrics(name string) *clientMetrics {
	c := &clientMetrics{calls: newCalls().MustCurryWith(prometheus.Labels{"client": name})}
	for _, stage := range []rp.Stage{rp.StageDiscovery, rp.StageKeys, rp.StageToken, rp.StageUserinfo} {
		c.calls.WithLabelValues(string(stage)) // told before the first call, too
	}
	return c
}

// newCalls makes a histogram of durations: a call takes some hundred milliseconds, and ten
// seconds at most.
func newCalls() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "caddy_proconnect_provider_request_duration_seconds",
		Help:    "Duration of calls to ProConnect.",
		Buckets: []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
	}, []string{"client", "call"})
}

// tally counts by a label whose values are few. It is off the way of requests that pass.
type tally struct {
	mu     sync.Mutex
	counts map[string]uint64
}

func (t *tally) add(label string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = make(map[string]uint64)
	}
	t.counts[label]++
}

// each calls yield with every label and its count.
func (t *tally) each(yield func(label string, count uint64)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for label, count := range t.counts {
		yield(label, count)
	}
}

// levelLabel is the label of a level of authentication: one that ProConnect names, so that
// an identity provider cannot make series.
func levelLabel(acr string) string {
	switch {
	case acr == "":
		return "none"
	case slices.Contains(rules.KnownACR, acr):
		return acr
	}
	return "other"
}

// observe takes in a call to ProConnect.
func (c *clientMetrics) observe(stage rp.Stage, took time.Duration, answered bool) {
	if answered {
		c.lastAnswer.Store(time.Now().UnixMilli())
	}
	c.calls.WithLabelValues(string(stage)).Observe(took.Seconds())
}

// answeredAt is when ProConnect last answered; zero if it has not.
func (c *clientMetrics) answeredAt() time.Time {
	if at := c.lastAnswer.Load(); at != 0 {
		return time.UnixMilli(at)
	}
	return time.Time{}
}

// gateKey is what the series of a gate are told apart by.
type gateKey struct{ client, site, gate string }

// labels are the gate's, and one more.
func (k gateKey) labels(more ...string) []string {
	return append([]string{k.client, k.site, k.gate}, more...)
}

// ruleLabel is a rule's position, as a label.
func ruleLabel(position int) string {
	if position == 0 {
		return "none"
	}
	return strconv.Itoa(position)
}

// wouldLabel is the label of what rules would do.
func wouldLabel(o rules.Outcome) string {
	switch o {
	case rules.Allow:
		return "would_allow"
	case rules.StepUp:
		return "would_step_up"
	case rules.Login:
		return "would_ask_again" // of a login that did not ask for what the rules read
	}
	return "would_refuse"
}
