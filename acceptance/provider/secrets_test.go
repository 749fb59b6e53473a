package provider_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// nothingSecret looks for everything that must stay secret in everything that was
// logged at DEBUG, the access log included, and in what the admin API tells of
// the configuration.
func (h *world) nothingSecret(t *testing.T) {
	t.Helper()
	h.p.Mu.Lock()
	defer h.p.Mu.Unlock()
	for _, what := range []string{"code", "access", "refresh", "id token", "state", "nonce", "verifier", "the client secret", "the session secret"} {
		if !containsValue(h.p.Secrets, what) {
			t.Errorf("no %s was in play: the search proves nothing", what)
		}
	}
	for where, text := range map[string]string{"the log": h.Logs(), "the access log": h.accessLog(t), "the admin API": h.adminConfig(t)} {
		if len(text) < 1000 {
			t.Errorf("%s holds %d bytes: the search proves nothing", where, len(text))
		}
		for _, found := range secretsIn(text, h.p.Secrets) {
			t.Errorf("%s holds %s", where, found)
		}
	}
}

func containsValue(m map[string]string, want string) bool {
	for _, v := range m {
		if v == want {
			return true
		}
	}
	return false
}

// secretsIn looks for thousands of secrets in megabytes at once: by their first
// bytes at every place.
func secretsIn(text string, secrets map[string]string) []string {
	const head = 12
	byHead := make(map[string][]string)
	for s := range secrets {
		if len(s) >= head {
			byHead[s[:head]] = append(byHead[s[:head]], s)
		}
	}
	var found []string
	for i := 0; i+head <= len(text) && len(found) < 10; i++ {
		for _, s := range byHead[text[i:i+head]] {
			if strings.HasPrefix(text[i:], s) {
				found = append(found, secrets[s]+": …"+text[max(0, i-150):i])
			}
		}
	}
	return found
}

// adminConfig is the running configuration, as Caddy's admin API tells it.
func (h *world) adminConfig(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:"+h.admin+"/config/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// errorsOfTheSite: where the site answers errors itself (`errors caddy`), Caddy
// logs the request of each, by the address that holds the code.
func (h *world) errorsOfTheSite(t *testing.T) {
	l := h.p.Clients["errs"]
	for name, c := range map[string]struct {
		wrong  misconduct
		status int
	}{
		"refused after the token answer": {idClaim("nonce", nil), http.StatusBadGateway},
		"the provider breaks off":        {rawly("token", resetting), http.StatusServiceUnavailable},
		"refused at the callback":        {misconduct{Answer: func(q url.Values) { q.Set("iss", "https://evil.example") }}, http.StatusBadRequest},
		"refused without an attempt":     {misconduct{Answer: func(q url.Values) { q.Del("state") }}, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			l.Behave(c.wrong)
			t.Cleanup(func() { l.Behave(misconduct{}) })
			b := h.visitor(t, l)
			a := h.comeBack(b, h.atProvider(t, b, h.leave(t, b, "/", "")))
			if want := fmt.Sprintf("error %d", c.status); a.StatusCode != c.status || a.Text != want {
				t.Errorf("got %d: %s", a.StatusCode, a.Text)
			}
			notIn(t, l.Login(), a)
			h.stranger(t, b, l)
		})
	}
	if !strings.Contains(h.Logs(), `"logger":"http.log.error`) {
		t.Error("Caddy logged no error: there was nothing to filter")
	}
}
