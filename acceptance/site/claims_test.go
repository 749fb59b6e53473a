package site_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// leak is what a claim must not get out of the environment.
const leak = "a-secret-of-the-environment"

// harmfulTexts are claims as the real server hands them on.
var harmfulTexts = map[string]string{
	"`{{env \"HOME\"}}`":     `{{env "PROCONNECT_LEAK"}}`,
	"template of a file":     `{{readFile "/etc/passwd"}}{{.Env}}`,
	"`{env.HOME}`":           `{env.PROCONNECT_LEAK}`,
	"system placeholder":     `{system.hostname}{file./etc/passwd}`,
	"placeholder of ours":    `{http.request.header.Cookie}{http.auth.user.id}`,
	"nested placeholder":     `{env.{http.auth.user.uid}}`,
	"brackets that close up": `{{{{env "PROCONNECT_LEAK"}}}}`,
	"`<script>`":             `<script>alert(1)</script>`,
	"attribute":              `"><img src=x onerror=alert(1)>`,
	"CRLF":                   "x\r\nX-Injected: yes\r\n\r\n<b>",
	"LF":                     "x\nX-Injected: yes",
	"encoded CRLF":           "x%0d%0aX-Injected: yes",
	"line separator":         "x\u2028X-Injected: yes\u2029",
	"NUL":                    "x\x00y",
	"right-to-left override": "\u202egpj.exe",
	"shell":                  "$(env)${PROCONNECT_LEAK}`env`",
}

// "claims `{{env "HOME"}}`, `{env.HOME}`, `<script>`, CRLF in names": never executed,
// expanded or injected, through respond, templates, header, rewrite, header_up.
func TestClaimsAreHarmless(t *testing.T) {
	t.Setenv("PROCONNECT_LEAK", leak)
	up := caddytest.Echo(t)
	s := caddytest.New(t)
	s.Write("www/page.html", `<p>{{placeholder "http.auth.user.name"}} {{placeholder "http.auth.user.organizational_unit"}}</p>`)
	s.Run(`proconnect {
		environment sandbox
		scopes +organizational_unit
		claims custom.note
	}
	local_certs`, strings.ReplaceAll(`
https://localhost:{$TLS_PORT} {
	root {$DIR}/www
	log
	log_append who {http.auth.user.name}
	route {
		proconnect {
			allow any
			headers
		}
		header X-Name "{http.auth.user.name} {http.auth.user.organizational_unit} {http.auth.user.custom.note}"
		header /late >X-Late {http.auth.user.organizational_unit}
		map {http.auth.user.organizational_unit} {mapped} {
			default {http.auth.user.organizational_unit}
		}
		vars unit {http.auth.user.organizational_unit}
		request_header X-Asked {vars.unit}
		handle /respond {
			templates
			header Content-Type text/html
			respond "{http.auth.user.name} {http.auth.user.organization_label} {http.auth.user.organizational_unit} {mapped} {vars.unit}"
		}
		handle /page.html {
			templates
			file_server
		}
		handle /up {
			reverse_proxy UPSTREAM {
				header_up X-Up "{http.auth.user.name} {http.auth.user.organizational_unit} {vars.unit}"
				header_down X-Down {http.auth.user.organizational_unit}
			}
		}
		handle /rewrite {
			rewrite * /u/{http.auth.user.organizational_unit}/{http.auth.user.name}
			reverse_proxy UPSTREAM
		}
		handle /query {
			rewrite * ?unit={http.auth.user.organizational_unit}
			reverse_proxy UPSTREAM
		}
		handle /late {
			respond late
		}
		handle /redir {
			redir * /to/{http.auth.user.organizational_unit}
		}
		error /error "{http.auth.user.name}" 418
	}
	handle_errors {
		templates
		header Content-Type text/html
		respond "{err.message} {http.auth.user.name} {http.auth.user.organizational_unit}"
	}
}
https://closed.localhost:{$TLS_PORT} {
	proconnect {
		allow siren 219200235
	}
	respond inside
}`, "UPSTREAM", up.Addr()))
	for name, text := range harmfulTexts {
		t.Run(name, func(t *testing.T) {
			s.T = t
			form := url.Values{
				"person": {"ministry"}, "given_name": {text}, "usual_name": {text}, "organization_label": {text},
				"organizational_unit": {text}, "custom": {`{"note":` + quoteJSON(t, text) + `}`}, "uid": {text},
			}
			b, refused := s.Browser("https://localhost:{$TLS_PORT}"), s.Browser("https://closed.localhost:{$TLS_PORT}")
			if a := b.Login("/respond", form); a.StatusCode != http.StatusOK {
				t.Fatalf("login: %d, page %q", a.StatusCode, a.Page())
			}
			wantHarmless(t, "the page of a refusal", refused.Login("/", form))
			for _, protocol := range caddytest.Protocols {
				b, refused := s.Speaking(t, b, protocol), s.Speaking(t, refused, protocol)
				for _, path := range []string{"/respond", "/page.html", "/up", "/rewrite", "/query", "/late", "/redir", "/error", "/.proconnect/session"} {
					wantHarmless(t, path+" over "+protocol, b.Visit(path))
				}
				wantHarmless(t, "the page of a refusal over "+protocol, refused.Visit("/"))
			}
		})
	}
	if strings.Contains(s.Logs(), leak) {
		t.Error("expanded in a log")
	}
}

func wantHarmless(t *testing.T, where string, a caddytest.Answer) {
	t.Helper()
	body := a.Text
	if a.Header.Get("Content-Type") == "application/json" {
		body = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\r`, "\r", `\n`, "\n").Replace(body)
	}
	for _, bad := range []string{leak, "root:", "<script>", "<img", "<b>", "{{", "{env", "{system", "{http", "\x00", "\u202e", "\u2028", "\nX-Injected"} {
		if strings.Contains(body, bad) && !(bad == "<img" && a.Page() != "") {
			t.Errorf("%s: %q in %s", where, bad, body)
		}
	}
	for name, values := range a.Header {
		all := strings.Join(values, " ")
		if name == "X-Injected" || strings.Contains(all, leak) || strings.ContainsAny(all, "{}<>\x00\r\n\u202e\u2028\u2029") {
			t.Errorf("%s: %s: %q", where, name, values)
		}
	}
	if strings.Contains(body, `"X-Injected"`) {
		t.Errorf("%s: a header was injected on the way to the upstream: %s", where, body)
	}
}

func quoteJSON(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What is left of a text that people are shown stands for itself, byte by byte:
// an LF in the middle would begin another line of a log, a mail or a header, and a
// right-to-left override shows "exe.jpg" where a file is called "gpj.exe". Both
// are taken out before the site, its upstream or its scripts see them.
func TestShownClaims(t *testing.T) {
	up := caddytest.Echo(t)
	s := caddytest.Start(t, "proconnect {\n environment sandbox\n scopes +organizational_unit\n claims custom.note\n }", strings.ReplaceAll(`
http://localhost:{$PORT} {
	proconnect {
		allow any
		headers
	}
	handle /respond {
		respond "{http.auth.user.organizational_unit}|{http.auth.user.name}|{http.auth.user.organization_label}|{http.auth.user.custom.note}"
	}
	handle {
		rewrite * /u/{http.auth.user.organizational_unit}
		reverse_proxy UPSTREAM
	}
}`, "UPSTREAM", up.Addr()))
	for name, tt := range map[string]struct{ claim, shown string }{
		"right-to-left override":          {"\u202egpj.exe", "gpj.exe"},
		"the same, in the middle":         {"a\u202egpj.exe", "agpj.exe"},
		"other marks of direction":        {"a\u200f\u202a\u2066b\u2069\u061cc", "abc"},
		"LF":                              {"x\nX-Injected: yes", "xX-Injected: yes"},
		"CR":                              {"x\rX-Injected: yes", "xX-Injected: yes"},
		"the line separators of Unicode":  {"x\u2028y\u2029z\u0085w", "xyzw"},
		"white space at the end, with LF": {"x y\n \n", "x y"},
		"letters as they are":             {"Zoé d’Été", "Zoé d’Été"},
	} {
		t.Run(name, func(t *testing.T) {
			b := s.Browser("http://localhost:{$PORT}")
			b.T = t
			a := b.Login("/respond", url.Values{
				"person": {"ministry"}, "given_name": {tt.claim}, "usual_name": {""}, "organization_label": {tt.claim},
				"organizational_unit": {tt.claim}, "custom": {`{"note":` + quoteJSON(t, tt.claim) + `}`},
			})
			if want := strings.Repeat(tt.shown+"|", 3) + tt.shown; a.StatusCode != http.StatusOK || a.Text != want {
				t.Errorf("respond: %d, %q, want %q", a.StatusCode, a.Text, want)
			}
			var told map[string]any
			if err := json.Unmarshal([]byte(b.Visit("/.proconnect/session").Text), &told); err != nil {
				t.Fatal(err)
			}
			for _, claim := range []string{"given_name", "organization_label", "organizational_unit", "custom.note"} {
				if told[claim] != tt.shown {
					t.Errorf("the page's script is told %s %q, want %q", claim, told[claim], tt.shown)
				}
			}
			got := b.Visit("/up").Received(t)
			if unit := got.Header.Get("X-ProConnect-Organizational-Unit"); unit != tt.shown || got.URI != "/u/"+url.PathEscape(tt.shown) {
				t.Errorf("the upstream got %q, and %q at %q", unit, tt.shown, got.URI)
			}
		})
	}
}
