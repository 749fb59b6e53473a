package proconnect

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

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
		"switching protocols": func(w http.ResponseWriter) error { // to a WebSocket
			w.WriteHeader(http.StatusSwitchingProtocols)
			return nil
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
				if err := new(request).serveNext(w, r, site); err != nil {
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
