// Package monitoring holds what Prometheus and Grafana are given, docs/alerts.yml and
// docs/grafana.json, to Prometheus' own parser and engine, to Grafana's own types, and to
// what a Caddy that runs really tells. It is a module of its own: nothing else needs theirs.
package monitoring
