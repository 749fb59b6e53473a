package proconnect

import (
	"cmp"
	"encoding/json"
	"net"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/layout"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
	"github.com/caddy-proconnect/caddy-proconnect/internal/upstream"
)

// siteReport is what requests for some names meet.
type siteReport struct {
	Site    string         `json:"site"`
	Gates   []gateReport   `json:"gates"`
	Answers []answerReport `json:"answers"`
}

// gateReport is a gate, and whom it admits.
type gateReport struct {
	Number   int      `json:"number"` // from 1, in the order of the routes
	Client   string   `json:"client"`
	Where    string   `json:"where,omitempty"`
	Optional bool     `json:"optional,omitempty"`
	ACR      []string `json:"acr,omitempty"`
	Rules    []string `json:"rules"`            // in their order, from rule 1
	Report   []string `json:"report,omitempty"` // rules that are only tried, likewise
}

// answerReport is what answers, and to whom.
type answerReport struct {
	By    string       `json:"by"`
	Path  string       `json:"path,omitempty"`
	State layout.State `json:"state"`
	Gates []int        `json:"gates,omitempty"`
}

// siteReports reads the routes as they are written: Caddy adds redirects of its own when
// it provisions them.
func siteReports(config []byte, d *dryRun) []siteReport {
	var whole struct {
		Apps struct {
			HTTP caddyhttp.App `json:"http"`
		} `json:"apps"`
	}
	if json.Unmarshal(config, &whole) != nil {
		return []siteReport{} // why it does not load is said already
	}
	reports := []siteReport{}
	for _, site := range layout.Read(&whole.Apps.HTTP, layout.Options{Gate: readGate, MayMatch: upstream.MayMatchAddress}).Sites() {
		if len(site.Gates) == 0 && len(site.Answers) == 0 {
			continue
		}
		r := reportSite(site)
		r.Site = siteName(site, whole.Apps.HTTP.Servers[site.Server], d)
		reports = append(reports, r)
	}
	return reports
}

func reportSite(site layout.Site) siteReport {
	r := siteReport{Gates: []gateReport{}, Answers: []answerReport{}}
	for i, g := range site.Gates {
		h := new(Handler)
		_ = json.Unmarshal([]byte(g.Text), h) // it is a gate's own text
		report := gateReport{Number: i + 1, Client: g.Client, Where: g.Where, Optional: g.Optional, ACR: h.ACR}
		report.Rules, report.Report = asWritten(h.Rules), asWritten(h.Report)
		r.Gates = append(r.Gates, report)
	}
	for _, a := range site.Answers {
		report := answerReport{By: a.By, Path: a.Path, State: a.State}
		for _, g := range a.Gates {
			if i := slices.Index(site.Gates, g); i >= 0 {
				report.Gates = append(report.Gates, i+1)
			}
		}
		if !slices.ContainsFunc(r.Answers, report.same) {
			r.Answers = append(r.Answers, report)
		}
	}
	return r
}

// asWritten are rules as a Caddyfile has them.
func asWritten(list []rules.Rule) []string {
	texts := make([]string, len(list))
	for i, r := range list {
		texts[i] = r.String()
	}
	return texts
}

func (a answerReport) same(b answerReport) bool {
	return a.By == b.By && a.Path == b.Path && a.State == b.State && slices.Equal(a.Gates, b.Gates)
}

// siteName is a site's addresses, as far as its server tells them.
func siteName(site layout.Site, server *caddyhttp.Server, d *dryRun) string {
	suffix := ""
	if site.Errors {
		suffix = " (errors)"
	}
	if len(site.Hosts) == 0 {
		return "any host (" + strings.Join(server.Listen, ", ") + ")" + suffix
	}
	secure := d.secure(site.Server, server)
	port := cmp.Or(append(listenPorts(server.Listen), map[bool]string{true: "443", false: "80"}[secure])...)
	var names []string
	for _, host := range site.Hosts {
		names = append(names, origin.Of(net.JoinHostPort(host, port), secure).URL(""))
	}
	return strings.Join(names, ", ") + suffix
}

// secure says whether a server ends TLS. Caddy finds out when it provisions the server;
// where that failed, the ports tell.
func (d *dryRun) secure(name string, server *caddyhttp.Server) bool {
	if d.http != nil && d.http.Servers[name] != nil {
		return len(d.http.Servers[name].TLSConnPolicies) > 0
	}
	return len(server.TLSConnPolicies) > 0 || slices.Contains(listenPorts(server.Listen), "443")
}
