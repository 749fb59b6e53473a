package e2e

import (
	"encoding/json"
	"html/template"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// upstream is the site behind Caddy: it shows what it was told.
type upstream struct {
	address string
	mu      sync.Mutex
	seen    []seen
	heads   map[string]http.Header // further headers of its answers, by path
}

// seen is one request that came through.
type seen struct {
	URI    string
	Header http.Header
}

var sitePage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="fr">
<head><meta charset="utf-8"><title>Le site</title><link rel="icon" href="data:,"></head>
<body>
<main data-page="site">
<h1>Le site</h1>
<p id="uri">{{.URI}}</p>
<p id="email">{{.Header.Get "X-Proconnect-Email"}}</p>
<p><a id="logout" href="/.proconnect/logout">Se déconnecter</a></p>
<p><a id="switch" href="/.proconnect/logout?then=login">Changer de compte</a></p>
<p><a id="admin" href="/admin/">Administration</a></p>
</main>
</body>
</html>`))

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	u := new(upstream)
	server := httptest.NewServer(u)
	t.Cleanup(server.Close)
	u.address = strings.TrimPrefix(server.URL, "http://")
	return u
}

// ServeHTTP answers HTML to people and JSON to scripts.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := seen{r.RequestURI, r.Header.Clone()}
	u.mu.Lock()
	u.seen = append(u.seen, s)
	for name, values := range u.heads[r.URL.Path] {
		w.Header()[name] = values
	}
	u.mu.Unlock()
	if r.Header.Get("Accept") == "application/json" {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s)
		return
	}
	if script, ok := workers[r.URL.Path]; ok {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(workerStart + script))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = sitePage.Execute(w, s)
}

// answer gives further headers to what is answered at a path.
func (u *upstream) answer(path string, head http.Header) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.heads = map[string]http.Header{path: head}
}

// count is how many requests came through.
func (u *upstream) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.seen)
}

// got returns the requests that came through for a URI.
func (u *upstream) got(uri string) []seen {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(u.seen), func(s seen) bool { return s.URI != uri })
}

// last returns the last request that came through for a URI.
func (u *upstream) last(t *testing.T, uri string) seen {
	t.Helper()
	got := u.got(uri)
	if len(got) == 0 {
		t.Fatalf("the site never got %s", uri)
	}
	return got[len(got)-1]
}
