package proconnect

import (
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// provisionMetrics takes over what was counted so far, and shows it in the registry of
// this configuration.
func (a *App) provisionMetrics(ctx caddy.Context) error {
	if running := runningApp(); running != nil {
		a.metrics = running.metrics
	}
	if a.metrics == nil {
		a.metrics = newMetrics()
	}
	a.gatesOf = make(map[string]int)
	registry := ctx.GetMetricsRegistry()
	if registry == nil {
		return nil
	}
	err := registry.Register(a.metrics)
	if _, twice := errors.AsType[prometheus.AlreadyRegisteredError](err); twice {
		return nil
	}
	return err
}

func newMetrics() *metrics {
	return &metrics{clients: make(map[string]*clientMetrics), gates: make(map[gateKey]*gateMetrics)}
}

// client returns what is counted of a client, from one configuration to the next.
func (m *metrics) client(name string) *clientMetrics {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.clients[name] == nil {
		m.clients[name] = newClientMetrics(name)
	}
	return m.clients[name]
}

// gate returns what is counted of a gate. Gates of a site are told apart by their order.
func (m *metrics) gate(key gateKey) *gateMetrics {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.gates[key] == nil {
		m.gates[key] = new(gateMetrics)
	}
	return m.gates[key]
}

// numberGates gives each gate its number among those of its site: by the configuration,
// and not by the order in which Caddy provisions gates, or a reload would have one count
// what another did.
func (a *App) numberGates() {
	a.numbers = nil
	for _, p := range a.layout.Places() {
		name := nameOfSite(p.Gate.Origin, p.Hosts)
		a.gatesOf[name]++
		a.numbers = append(a.numbers, a.gatesOf[name])
	}
}

// joinMetrics gives a gate what it counts with, so that a request looks nothing up. place
// is the gate's in the layout, or -1.
func (a *App) joinMetrics(h *Handler, place int) {
	var number int
	if place >= 0 && place < len(a.numbers) {
		number = a.numbers[place]
	} else {
		a.gatesOf[h.site]++
		number = a.gatesOf[h.site]
	}
	h.key = gateKey{h.client.name, h.site, strconv.Itoa(number)}
	h.counts = a.metrics.gate(h.key)
	a.gates = append(a.gates, h)
}

// start shows a configuration.
func (m *metrics) start(a *App) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running = append(m.running, a)
}

// stop shows it no longer, and forgets what no configuration counts any more: sites that
// come and go leave nothing behind.
func (m *metrics) stop(a *App) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running = slices.DeleteFunc(m.running, func(other *App) bool { return other == a })
	clients, gates := m.shown()
	maps.DeleteFunc(m.clients, func(name string, _ *clientMetrics) bool { return clients[name] == nil })
	maps.DeleteFunc(m.gates, func(key gateKey, _ *gateMetrics) bool { return gates[key] == nil })
}

// shown are the clients and gates of what runs; of several, the newest configuration's.
func (m *metrics) shown() (clients map[string]*Client, gates map[gateKey]*Handler) {
	clients, gates = make(map[string]*Client), make(map[gateKey]*Handler)
	for _, a := range m.running {
		maps.Copy(clients, a.Clients)
		for _, h := range a.gates {
			gates[h.key] = h
		}
	}
	return clients, gates
}

// Interface guards
var _ prometheus.Collector = (*metrics)(nil)

// outcomes are those of a decision, in the order of their labels.
var outcomes = []rules.Outcome{rules.Allow, rules.Deny, rules.StepUp, rules.Login}
