package proconnect

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/session"
)

// A thousand sites make so many series: four for each, and one more for a rule that has
// refused somebody.
func TestMetricsOfAThousandSites(t *testing.T) {
	gate, _ := benchGate(t, benchRules...)
	app := gate.client.app
	app.metrics, app.gatesOf = newMetrics(), make(map[string]int)
	gate.client.counts = app.metrics.client(gate.client.name)
	for i := range 1000 {
		app.joinMetrics(&Handler{client: gate.client, site: fmt.Sprintf("s%d.example.gouv.fr", i)}, -1)
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(app.metrics)
	if n := seriesIn(t, registry); n != 0 {
		t.Errorf("%d series before the configuration runs", n)
	}
	app.metrics.start(app)
	before := seriesIn(t, registry)
	for _, h := range app.gates {
		for outcome := range h.counts.decisions {
			h.counts.decisions[outcome].Add(1)
		}
		h.counts.refusals.add(ruleLabel(rules.Decision{}.Position()))
	}
	after := seriesIn(t, registry)
	t.Logf("1000 sites: %d series, %d when each has refused somebody", before, after)
	if after > 5100 || after-before != 1000 {
		t.Errorf("%d series, before the first refusal %d", after, before)
	}
	app.metrics.stop(app)
	if n := seriesIn(t, registry); n != 0 || len(app.metrics.gates)+len(app.metrics.clients) != 0 {
		t.Errorf("%d series of what is gone, %d gates", n, len(app.metrics.gates))
	}
}

func seriesIn(t *testing.T, registry prometheus.Gatherer) (n int) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			n++
			if h := m.GetHistogram(); h != nil {
				n += len(h.GetBucket()) + 2 // as they are scraped: buckets, +Inf, sum, count
			}
		}
	}
	return n
}

// What a login or an identity provider says makes no series of its own.
func TestMetricsLabelsAreBounded(t *testing.T) {
	for level, want := range map[string]string{"eidas1": "eidas1", "": "none", "made-up": "other", "eidas1-mfa": "eidas1-mfa"} {
		if got := levelLabel(level); got != want {
			t.Errorf("%s: got %s", level, got)
		}
	}
}

// BenchmarkEntry is what each request costs that is not the first of its session.
func BenchmarkEntry(b *testing.B) {
	h, cookie := benchGate(b, benchRules...)
	q := &request{gate: h, cookies: []string{"theme=dark; " + cookie}}
	s := new(session.Session)
	for b.Loop() {
		if h.client.keeper.Enters(q.origin, q.cookies, s) {
			b.Fatal("it enters")
		}
	}
}

// BenchmarkCount is the one atomic addition of a decision.
func BenchmarkCount(b *testing.B) {
	h, _ := benchGate(b, benchRules...)
	for b.Loop() {
		h.counts.decisions[rules.Allow].Add(1)
	}
}
