package proconnect

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
)

func TestMakePrivate(t *testing.T) {
	for name, c := range map[string]struct {
		in   []string
		want string
	}{
		"nothing said":            {nil, "private, no-cache"},
		"public":                  {[]string{"public, max-age=600"}, "private, max-age=600"},
		"public alone":            {[]string{"public"}, "private, no-cache"},
		"shared caches addressed": {[]string{"max-age=60, s-maxage=31536000, proxy-revalidate"}, "private, max-age=60"},
		"in capitals":             {[]string{"PUBLIC, S-MaxAge=5"}, "private, no-cache"},
		"two lines":               {[]string{"public", "max-age=5"}, "private, max-age=5"},
		"no-store stays":          {[]string{"no-store"}, "private, no-store"},
		"private stays":           {[]string{"private, max-age=0"}, "private, max-age=0"},
		"immutable stays":         {[]string{"public, max-age=9, immutable"}, "private, max-age=9, immutable"},
		"white space":             {[]string{" public ,, max-age=9 "}, "private, max-age=9"},
		"a space before =":        {[]string{"s-maxage =9, max-age=1"}, "private, max-age=1"},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{"Cdn-Cache-Control": {"public"}, "Surrogate-Control": {"max-age=9"}, "Etag": {`"x"`}}
			if c.in != nil {
				h["Cache-Control"] = c.in
			}
			makePrivate(h, false)
			if got := h["Cache-Control"]; len(got) != 1 || got[0] != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if len(h) != 2 {
				t.Errorf("a header that overrides Cache-Control stays: %v", h)
			}
		})
	}
}

// A handler may send its headers without a word to WriteHeader: io.Copy hands a
// file to ReadFrom, and a stream of events begins with a flush. What it said to
// shared caches must be taken back all the same, before the first byte leaves.
func TestEveryWayToAnswerIsPrivate(t *testing.T) {
	flush := func(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() }
	for name, answer := range map[string]func(http.ResponseWriter) error{
		"WriteHeader alone": func(w http.ResponseWriter) error {
			w.WriteHeader(http.StatusNotFound)
			return nil
		},
		"Write alone": func(w http.ResponseWriter) error {
			_, err := w.Write([]byte("x"))
			return err
		},
		"ReadFrom alone": func(w http.ResponseWriter) error {
			_, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader("x"))
			return err
		},
		"io.Copy": func(w http.ResponseWriter) error {
			_, err := io.Copy(w, io.LimitReader(strings.NewReader("xyz"), 1))
			return err
		},
		"a flush alone": flush,
		"after early hints": func(w http.ResponseWriter) error {
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("Cache-Control", "public")
			return flush(w)
		},
	} {
		t.Run(name, func(t *testing.T) {
			site := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
				w.Header().Set("Cache-Control", "public, s-maxage=600")
				return answer(w)
			})
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := new(visit).goOn(w, r, site); err != nil {
					t.Error(err)
				}
			}))
			defer s.Close()
			resp, err := s.Client().Get(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if got := resp.Header["Cache-Control"]; len(got) != 1 || got[0] != "private, no-cache" {
				t.Errorf("sent with Cache-Control %q", got)
			}
		})
	}
}

func TestDeleteHeaders(t *testing.T) {
	for name, gone := range map[string]bool{
		"X-Proconnect-Email": true, "X-ProConnect-Email": true, "x-proconnect-email": true, "X_proconnect_email": true,
		"X.Proconnect.Email": true, "X-Proconnect_email": true, "X-Proconnect-": true,
		"X-Proconnect": false, "X-Proconnec-Email": false, "Xproconnect-Email": false, "Email": false,
	} {
		h := http.Header{name: {"forged"}}
		deleteHeaders(h, "X-ProConnect-")
		if _, there := h[name]; there == gone {
			t.Errorf("%s: there is %v, want %v", name, there, !gone)
		}
	}
}

func TestHostOf(t *testing.T) {
	for in, want := range map[string]string{
		"Docs.Example.fr": "docs.example.fr", "docs.example.fr:8443": "docs.example.fr", "docs.example.fr.": "docs.example.fr",
		"docs.example.fr.:443": "docs.example.fr", "[::1]:80": "::1", "[::1]": "::1", "::1": "::1", "2001:DB8::1": "2001:db8::1", "127.0.0.1:80": "127.0.0.1", "": "",
	} {
		if got := origin.HostOf(in); got != want {
			t.Errorf("%q is host %q, want %q", in, got, want)
		}
	}
}

func TestIsLoopbackHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "docs.localhost": true, "127.0.0.1": true, "127.8.9.1": true, "::1": true, "::ffff:127.0.0.1": true,
		"notlocalhost": false, "localhost.evil.fr": false, "10.0.0.1": false, "0.0.0.0": false, "::": false, "": false,
		"127.0.0.1.evil.fr": false, "2130706433": false,
	} {
		if got := origin.IsLoopback(host); got != want {
			t.Errorf("%q loopback: %v, want %v", host, got, want)
		}
	}
}
