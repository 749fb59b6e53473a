package proconnect

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-proconnect/caddy-proconnect/internal/listfile"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

func metric(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("caddy_proconnect_"+name, help, labels, nil)
}

// What is told, by Prometheus' rules for names and units.
var (
	descDecisions = metric("decisions_total", "Requests at a gate, by what its rules say of the person.", "client", "site", "gate", "outcome")
	descRefusals  = metric("refusals_total", "People refused, by the position of the deny rule that holds, or none where no allow rule does.", "client", "site", "gate", "rule")
	descReported  = metric("reported_total", "Requests that a gate admits, by what the rules of its report block would do.", "client", "site", "gate", "outcome")
	descReports   = metric("reported_refusals_total", "Requests that the rules of a report block would refuse, by the position of the deny rule that holds, or none where no allow rule does.", "client", "site", "gate", "rule")
	descLogins    = metric("logins_total", "Logins that ended in a session, by level of authentication.", "client", "acr")
	descFailures  = metric("login_failures_total", "Logins that ended without a session, by reason.", "client", "reason")
	descAnswered  = metric("provider_last_answer_timestamp_seconds", "When ProConnect last answered.", "client")
	descRevoked   = metric("revocations", "Sessions that were ended one by one before their time and are remembered: logged out, or replaced.", "client")
	descPeople    = metric("people_revocations", "Records that end the sessions of the people whom they name, or of everybody, and are remembered.", "client")
	descStorage   = metric("storage_failing", "Whether Caddy's storage fails, so that logouts are not shared between nodes.", "client")
	descKey       = metric("session_key_created_timestamp_seconds", "When the key was made that seals sessions.", "client")
	descEntries   = metric("list_entries", "Values of a list that rules read, by what they are for.", "file", "field", "use")
	descFaulty    = metric("list_faulty_lines", "Lines of a list that are left out.", "file", "field")
	descRejected  = metric("list_rejected", "Whether the file has a version that is not taken, so that the last good one stays in force.", "file", "field")
	descModified  = metric("list_modified_timestamp_seconds", "When the version of a list that is in force was written.", "file", "field")
)

// Describe tells which metrics there are.
func (m *metrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descDecisions, descRefusals, descReported, descReports, descLogins, descFailures, descAnswered,
		descRevoked, descPeople, descStorage, descKey, descEntries, descFaulty, descRejected, descModified,
	} {
		to <- d
	}
	newCalls().Describe(to)
}

// Collect tells how they are at the moment.
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	clients, gates := m.shown()
	for name, c := range clients {
		c.collect(to, name)
	}
	for key, h := range gates {
		h.counts.collect(to, key, len(h.Report) > 0)
	}
	for _, l := range m.lists() {
		collectList(to, l)
	}
}

func counter(to chan<- prometheus.Metric, d *prometheus.Desc, value uint64, labels ...string) {
	to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
}

func gauge(to chan<- prometheus.Metric, d *prometheus.Desc, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
}

func timestamp(to chan<- prometheus.Metric, d *prometheus.Desc, at time.Time, labels ...string) {
	if !at.IsZero() {
		gauge(to, d, float64(at.UnixMilli())/1000, labels...)
	}
}

func (g *gateMetrics) collect(to chan<- prometheus.Metric, key gateKey, reports bool) {
	for _, outcome := range outcomes {
		counter(to, descDecisions, g.decisions[outcome].Load(), key.labels(outcome.String())...)
	}
	g.refusals.each(func(rule string, n uint64) { counter(to, descRefusals, n, key.labels(rule)...) })
	if !reports {
		return
	}
	for _, outcome := range outcomes {
		counter(to, descReported, g.reported[outcome].Load(), key.labels(wouldLabel(outcome))...)
	}
	g.reports.each(func(rule string, n uint64) { counter(to, descReports, n, key.labels(rule)...) })
}

func (c *Client) collect(to chan<- prometheus.Metric, name string) {
	c.counts.logins.each(func(acr string, n uint64) { counter(to, descLogins, n, name, acr) })
	c.counts.failures.each(func(reason string, n uint64) { counter(to, descFailures, n, name, reason) })
	c.counts.calls.Collect(to)
	timestamp(to, descAnswered, c.counts.answeredAt(), name)
	timestamp(to, descKey, c.keeper.KeyCreated(), name)
	health := c.keeper.Health()
	gauge(to, descRevoked, float64(health.Revoked), name)
	gauge(to, descPeople, float64(health.People), name)
	gauge(to, descStorage, boolValue(health.StorageFails), name)
}

// listKey tells lists apart: each field that reads a table has its own column, and faults
// of its own in it.
type listKey struct{ file, field string }

// shownList is a list with what its configuration reads it for.
type shownList struct {
	*listfile.List
	uses []rules.Use
}

// lists are those of what runs; of several configurations, the newest one's.
func (m *metrics) lists() map[listKey]shownList {
	lists := make(map[listKey]shownList)
	for _, a := range m.running {
		for l := range a.lists.All() {
			lists[listKey{l.Path(), l.Field()}] = shownList{l, a.lists.Uses(l)}
		}
	}
	return lists
}

func collectList(to chan<- prometheus.Metric, l shownList) {
	for _, use := range l.uses {
		gauge(to, descEntries, float64(l.Set().Len()), l.Path(), l.Field(), string(use))
	}
	gauge(to, descFaulty, float64(l.Bad().Total), l.Path(), l.Field())
	gauge(to, descRejected, boolValue(l.Rejected()), l.Path(), l.Field())
	timestamp(to, descModified, l.Modified(), l.Path(), l.Field())
}

func boolValue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
