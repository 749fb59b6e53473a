package site_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/caddytest"
	"github.com/caddy-proconnect/caddy-proconnect/internal/waits"
)

// A site that hangs up on, or lets wait, whatever its gate does not gate: the
// person gets a page and the operator a line in the log.
func TestProbeIsNotAnswered(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	caddytest.Shorten(t, &waits.Probes, []time.Duration{200 * time.Millisecond, 300 * time.Millisecond})
	for name, rest := range map[string]string{"abort": "abort", "silence": "reverse_proxy " + silent.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			s := caddytest.Start(t, caddytest.Sandbox, `
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
			b := s.Browser("http://docs.localhost:{$PORT}")
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.Base+"/x/", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept", "text/html")
			resp, err := b.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if a := caddytest.ReadAnswer(t, resp); a.Page() != "problem callback_unreachable" || !strings.Contains(s.Logs(), "the callback does not come back") {
				t.Errorf("%d, page %q", a.StatusCode, a.Page())
			}
		})
	}
}

// The callback comes back, but to another gate: one of another client, which does
// not know the attempt; or one whose callback is elsewhere, for which it is some
// address below its path, or the end of a logout. People would end there, logged
// in at ProConnect and without a next step: nobody is sent away.
func TestProbeComesToTheWrongGate(t *testing.T) {
	const (
		clients = "proconnect {\n environment sandbox\n }\n proconnect other {\n environment sandbox\n client_id other\n }"
		site    = `
http://localhost:{$PORT} {
	handle /x/* {
		proconnect {
			allow any
			LOGIN
		}
		respond inside
	}
	REST
}`
		unreachable = "problem callback_unreachable"
	)
	for name, tt := range map[string]struct{ rest, want string }{
		"a gate of another client": {"handle {\n unread {\n proconnect {\n client other\n allow any\n }\n respond outside\n }\n }", unreachable},
		"a gate of another client, optional": {
			"handle {\n unread {\n proconnect {\n client other\n allow any\n optional\n }\n respond outside\n }\n }", unreachable,
		},
		"a gate of another client, with this callback_path": {
			"handle {\n unread {\n proconnect {\n client other\n path /.other\n callback_path /.proconnect/callback\n allow any\n }\n respond outside\n }\n }", unreachable,
		},
		"a gate with another callback_path": {
			"handle {\n proconnect {\n callback_path /oidc/callback\n allow any\n }\n respond outside\n }", unreachable,
		},
		"a gate whose logout ends there": {
			"handle {\n proconnect {\n path /.own\n logged_out_path /.proconnect/callback\n allow any\n }\n respond outside\n }", unreachable,
		},
		"a rewrite to the path of a gate with another callback_path": {
			"rewrite /.proconnect/* /y{uri}\n handle /y/* {\n proconnect {\n callback_path /y/callback\n allow any\n }\n }", unreachable,
		},
		"control: a rewrite to another endpoint, before a gate that reads the path as it was asked for": {
			"route {\n rewrite /.proconnect/callback /.proconnect/login\n proconnect {\n allow any\n }\n respond outside\n }", "",
		},
		"control: a gate of the same client and callback": {"handle {\n proconnect {\n allow any\n }\n respond outside\n }", ""},
	} {
		for login, page := range map[string]string{"login page": "login", "login auto": ""} {
			t.Run(name+", "+login, func(t *testing.T) {
				s := caddytest.Start(t, clients, strings.NewReplacer("LOGIN", login, "REST", tt.rest).Replace(site))
				a := s.Browser("http://localhost:{$PORT}").Visit("/x/page")
				if tt.want == "" {
					if a.Page() != page || (a.StatusCode == http.StatusSeeOther) != (page == "") {
						t.Errorf("got %d, page %q", a.StatusCode, a.Page())
					}
					return
				}
				if a.StatusCode != http.StatusInternalServerError || a.Page() != tt.want || len(a.Cookies()) != 0 || a.Header.Get("Location") != "" {
					t.Errorf("got %d to %q, page %q, cookies %v", a.StatusCode, a.Header.Get("Location"), a.Page(), a.Cookies())
				}
				if !strings.Contains(s.Logs(), "the callback does not come back to this gate") {
					t.Error("the log does not say so")
				}
			})
		}
	}
}

// The callback comes back to a gate that takes the site for another address: what
// the first one sealed for its host, it cannot open. Nobody is sent away.
func TestProbeComesToAGateOfAnotherOrigin(t *testing.T) {
	p := caddytest.NewProvider(t)
	s := caddytest.Start(t, p.Option(), `
http://localhost:{$PORT} {
	handle /x/* {
		proconnect {
			allow any
			login auto
		}
		respond inside
	}
	handle {
		proconnect {
			allow any
			origin http://other.localhost:{$PORT}
		}
		respond outside
	}
}`)
	a := s.Browser("http://localhost:{$PORT}").Visit("/x/page")
	if a.StatusCode != http.StatusInternalServerError || a.Page() != "problem callback_unreachable" || len(a.Cookies()) != 0 {
		t.Errorf("got %d to %q, page %q", a.StatusCode, a.RedirectURL(), a.Page())
	}
}

// Each of two gates keeps the other's callback, a slip in their paths: the probe of one
// is a stranger at the other, which probes in its turn. One request of anybody's would
// have them go on until Caddy's memory is full.
func TestProbesOfGatesThatKeepEachOthersCallback(t *testing.T) {
	for _, login := range []string{"page", "auto"} {
		t.Run("login "+login, func(t *testing.T) {
			s := caddytest.Start(t, caddytest.Sandbox, strings.ReplaceAll(`
http://localhost:{$PORT} {
	handle /a/* {
		proconnect {
			allow any
			path /b/.proconnect
			login LOGIN
		}
		respond inside
	}
	handle /b/* {
		proconnect {
			allow any
			path /a/.proconnect
			login LOGIN
		}
		respond inside
	}
}`, "LOGIN", login))
			b := s.Browser("http://localhost:{$PORT}")
			for _, path := range []string{"/a/x", "/b/x"} {
				if a := b.Visit(path); a.StatusCode != http.StatusInternalServerError || a.Page() != "problem callback_unreachable" {
					t.Errorf("%s: got %d, page %q", path, a.StatusCode, a.Page())
				}
			}
		})
	}
}
