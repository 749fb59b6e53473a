package proconnect_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
)

// The reference on the page of an error leads to the log line that says what to do.
func TestReferenceIsLogged(t *testing.T) {
	s := caddytest.Start(t, "proconnect {\n environment sandbox\n }\n proconnect other {\n environment sandbox\n }", `
http://localhost:{$PORT} {
	proconnect /mixed {
		allow any
	}
	proconnect /mixed {
		client other
		path /.other
		allow any
	}
	handle /deep/* {
		proconnect {
			path /elsewhere
			login auto
			allow any
		}
	}
	respond ok
}`)
	for _, test := range []struct {
		name, path, header, page string
	}{
		{"two links", "/mixed", "X-Nothing", "problem clients_mixed"},
		{"a callback that goes elsewhere", "/deep/x", "X-Nothing", "problem callback_unreachable"},
		{"through a proxy", "/mixed", "X-Forwarded-For", "problem sandbox_guard"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.T = t
			b := s.Browser("http://localhost:{$PORT}")
			if test.page == "problem clients_mixed" { // the first gate lets nobody else through to the second
				b.Login("/", url.Values{"person": {"ministry"}})
			}
			a := b.Visit(test.path, test.header, "192.0.2.1")
			if a.Page() != test.page {
				t.Fatalf("got %q, want %q", a.Page(), test.page)
			}
			reference := regexp.MustCompile(`class="reference">.*<code>(\w+)</code>`).FindStringSubmatch(a.Text)
			if reference == nil || !strings.Contains(s.Logs(), `"reference":"`+reference[1]+`"`) {
				t.Errorf("reference %q is not in the log", reference)
			}
		})
	}
}
