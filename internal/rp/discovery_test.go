package rp

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/forge"
)

const discoveryPath = "/api/v2/.well-known/openid-configuration"

// answers are the ways in which a document fails to arrive.
func answers(stage Stage) map[string]struct {
	serve http.HandlerFunc
	want  outcome
} {
	return map[string]struct {
		serve http.HandlerFunc
		want  outcome
	}{
		"500":             {status(500), outcome{stage, Unavailable, ReasonStatus}},
		"201":             {status(201), outcome{stage, Unavailable, ReasonStatus}},
		"204":             {status(204), outcome{stage, Unavailable, ReasonStatus}},
		"redirect":        {redirect, outcome{stage, Unavailable, ReasonRedirect}},
		"HTML":            {content("text/html", "<html>"), outcome{stage, Unavailable, ReasonContentType}},
		"JSON as HTML":    {content("text/html", "{}"), outcome{stage, Unavailable, ReasonContentType}},
		"no type":         {content("", "{}"), outcome{stage, Unavailable, ReasonContentType}},
		"empty":           {content("application/json", ""), outcome{stage, Unavailable, ReasonJSON}},
		"list":            {content("application/json", "[]"), outcome{stage, Unavailable, ReasonJSON}},
		"null":            {content("application/json", "null"), outcome{stage, Unavailable, ReasonJSON}},
		"20 MB":           {endless(20 << 20), outcome{stage, Unavailable, ReasonTooLarge}},
		"never-ending":    {endless(1 << 40), outcome{stage, Unavailable, ReasonTooLarge}},
		"20 MB announced": {announced, outcome{stage, Unavailable, ReasonTooLarge}},
		"truncated":       {truncated, outcome{stage, Unavailable, ReasonNetwork}},
		"reset":           {reset, outcome{stage, Unavailable, ReasonNetwork}},
		"hang":            {hang, outcome{stage, Unavailable, ReasonTimeout}},
		"hanging body":    {hangingBody, outcome{stage, Unavailable, ReasonTimeout}},
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
	}
}

func content(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { send(w, contentType, body) }
}

// redirect points to a place that would answer.
func redirect(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
}

func endless(size int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		chunk := []byte(strings.Repeat(" ", 64<<10))
		for sent := 0; sent < size; sent += len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
}

func announced(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "20971520")
	_, _ = w.Write([]byte("{"))
}

func truncated(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte("{"))
}

func reset(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// hang waits until the client leaves, which a server notices once it has read
// the body.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func hangingBody(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte("{"))
	_ = http.NewResponseController(w).Flush()
	hang(w, r)
}

func (f *fake) authorizationURL(ctx context.Context) (string, error) {
	return f.rp.AuthorizationURL(ctx, AuthorizationRequest{
		RedirectURI: testRedirect, State: testState, Nonce: testNonce, Verifier: testVerifier, Scopes: []string{"openid"},
	})
}

func TestDiscoveryAnswers(t *testing.T) {
	rows := answers(StageDiscovery)
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			answeredBy(t, name, RS256, RS256, func(t *testing.T, f *fake) {
				f.onDiscovery = row.serve
				_, err := f.authorizationURL(t.Context())
				row.want.check(t, err)
				noSecret(t, err)
				if n := f.count("/elsewhere"); n != 0 {
					t.Error("redirect followed")
				}
			})
		})
	}
}

func TestDiscoveryDocument(t *testing.T) {
	for name, row := range map[string]struct {
		member string
		value  any
		want   outcome
	}{
		"issuer another":         {"issuer", "https://evil.example", outcome{StageDiscovery, Misconfigured, ReasonDiscoveryIss}},
		"issuer missing":         {"issuer", nil, outcome{StageDiscovery, Misconfigured, ReasonDiscoveryIss}},
		"no authorization":       {"authorization_endpoint", nil, outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"no token":               {"token_endpoint", nil, outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"no userinfo":            {"userinfo_endpoint", nil, outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"no keys":                {"jwks_uri", nil, outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"http":                   {"token_endpoint", "http://example.gouv.fr/token", outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"http, loopback in name": {"token_endpoint", "http://localhost.evil.example/token", outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"file":                   {"jwks_uri", "file:///etc/passwd", outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"javascript":             {"authorization_endpoint", "javascript:alert(1)", outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"fragment":               {"authorization_endpoint", "https://example.gouv.fr/a#b", outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"empty fragment":         {"authorization_endpoint", "https://example.gouv.fr/a#", outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"user":                   {"authorization_endpoint", "https://u:p@example.gouv.fr/a", outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"relative":               {"authorization_endpoint", "/authorize", outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"no scheme":              {"authorization_endpoint", "//example.gouv.fr/a", outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"no host":                {"authorization_endpoint", "https:///a", outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"list":                   {"token_endpoint", []string{"https://example.gouv.fr"}, outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"bad end session":        {"end_session_endpoint", "ftp://example.gouv.fr", outcome{StageDiscovery, Invalid, ReasonEndpoint}},
		"no end session":         {"end_session_endpoint", nil, outcome{}},
		"https elsewhere":        {"authorization_endpoint", "HTTPS://example.gouv.fr/a", outcome{}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			f.document = f.document.With(row.member, row.value)
			_, err := f.authorizationURL(t.Context())
			if row.want == (outcome{}) {
				if err != nil {
					t.Error(err)
				}
				return
			}
			row.want.check(t, err)
		})
	}
}

func TestDiscoveryIssuerSlash(t *testing.T) {
	f := newFake(t, RS256, RS256)
	f.document = f.document.With("issuer", f.cfg.Issuer+"/")
	_, err := f.authorizationURL(t.Context())
	outcome{StageDiscovery, Misconfigured, ReasonDiscoveryIss}.check(t, err)
}

// Plain http is for an issuer on this machine only: an https issuer must not
// send secrets to a port of the loopback.
func TestDiscoveryHTTPSIssuer(t *testing.T) {
	doc := forge.JSON{
		"issuer": "https://example.gouv.fr", "authorization_endpoint": "https://example.gouv.fr/a",
		"token_endpoint": "http://localhost/t", "userinfo_endpoint": "https://example.gouv.fr/u", "jwks_uri": "https://example.gouv.fr/k",
	}
	_, err := parseMetadata(doc.Bytes(), "https://example.gouv.fr")
	outcome{StageDiscovery, Invalid, ReasonEndpoint}.check(t, err)
	if _, err := parseMetadata(doc.With("token_endpoint", "https://example.gouv.fr/t").Bytes(), "https://example.gouv.fr"); err != nil {
		t.Error(err)
	}
}

// During an outage requests fail at once, and the provider is asked ever less
// often; it heals by itself.
func TestDiscoveryBackoff(t *testing.T) {
	f := newFake(t, RS256, RS256)
	f.onDiscovery = status(500)
	calls := 0
	for _, wait := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
		calls++
		for range 3 {
			if _, err := f.authorizationURL(t.Context()); err == nil {
				t.Fatal("no error")
			}
		}
		if n := f.count(discoveryPath); n != calls {
			t.Fatalf("before %ds: got %d calls, want %d", wait, n, calls)
		}
		f.advance(wait*time.Second - time.Millisecond)
		_, _ = f.authorizationURL(t.Context())
		if n := f.count(discoveryPath); n != calls {
			t.Fatalf("asked again within %ds", wait)
		}
		f.advance(time.Millisecond)
	}
	f.onDiscovery = nil
	if _, err := f.authorizationURL(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDiscoveryCache(t *testing.T) {
	f := newFake(t, RS256, RS256)
	for range 5 {
		if _, err := f.authorizationURL(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.count(discoveryPath); n != 1 {
		t.Errorf("got %d calls, want 1", n)
	}
	f.advance(time.Hour)
	f.onDiscovery = status(500)
	for range 3 { // what is known goes on serving
		if _, err := f.authorizationURL(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.settle()
	}
	if n := f.count(discoveryPath); n != 2 {
		t.Errorf("got %d calls, want 2", n)
	}
	f.advance(backoffFloor)
	f.onDiscovery = nil
	f.document = f.document.With("authorization_endpoint", f.URL+"/moved")
	if _, err := f.authorizationURL(t.Context()); err != nil { // it is asked for beside the request
		t.Fatal(err)
	}
	f.settle()
	if u, err := f.authorizationURL(t.Context()); err != nil || !strings.Contains(u, "/moved?") {
		t.Errorf("got %q, %v", u, err)
	}
}

// The first request leaves; the others that wait for the same answer get it.
func TestDiscoveryFlight(t *testing.T) {
	f := newFake(t, RS256, RS256)
	arrived, release := make(chan struct{}), make(chan struct{})
	f.onDiscovery = func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
		send(w, "application/json", string(f.document.Bytes()))
	}
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := f.authorizationURL(ctx)
		first <- err
	}()
	<-arrived
	cancel()
	outcome{StageDiscovery, Unavailable, ReasonCanceled}.check(t, <-first)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := f.authorizationURL(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	close(release)
	wg.Wait()
	if n := f.count(discoveryPath); n != 1 {
		t.Errorf("got %d calls, want 1", n)
	}
}

func TestProviderDown(t *testing.T) {
	f := newFake(t, RS256, RS256)
	f.Close()
	_, err := f.authorizationURL(t.Context())
	outcome{StageDiscovery, Unavailable, ReasonConnect}.check(t, err)
}
