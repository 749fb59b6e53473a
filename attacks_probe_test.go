package proconnect_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A site that hangs up on, or lets wait, whatever its gate does not gate: the
// person gets a page and the operator a line in the log.
func TestAttackProbeIsNotAnswered(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, rest := range map[string]string{"abort": "abort", "silence": "reverse_proxy " + silent.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			s := start(t, sandboxLink, `
http://docs.localhost:{$PORT} {
	handle /x/* {
		proconnect {
			allow any
		}
		respond secret
	}
	handle {
		`+rest+`
	}
}`)
			b := s.browser("http://docs.localhost:{$PORT}")
			b.Timeout = 9 * time.Second
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.base+"/x/", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept", "text/html")
			resp, err := b.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if a := readAnswer(t, resp); a.page() != "problem callback_unreachable" || !strings.Contains(s.logs(), "the callback does not come back") {
				t.Errorf("%d, page %q", a.StatusCode, a.page())
			}
		})
	}
}
