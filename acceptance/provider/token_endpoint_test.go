package provider_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// tokenRows is section 4: RFC 6749 §5, OpenID Connect Core §3.1.3.
func tokenRows() []tableRow {
	object := map[string]any{"a": "b"}
	// One cause is told once a minute: each of these has a gate of its own.
	down := func(r tableRow) tableRow {
		r.on = "fresh"
		r.status, r.page = http.StatusServiceUnavailable, "problem provider_unavailable"
		return r
	}
	rows := []tableRow{
		{name: "400 with JSON error", wrong: answering("token", 400, "application/json", `{"error":"invalid_grant"}`), log: "code refused"},
		{name: "200 with JSON error", wrong: answering("token", 200, "application/json", `{"error":"invalid_grant"}`), log: "code refused"},
		{name: "200 with JSON error beside good tokens", wrong: withMember("token", "error", "invalid_grant"), log: "code refused"},
		down(tableRow{name: "HTML", wrong: answering("token", 200, "text/html", "<h1>Maintenance</h1>"), log: "unexpected content type"}),
		down(tableRow{name: "good tokens as HTML", wrong: withMedia("token", "text/html"), log: "unexpected content type"}),
		// One person's session at ProConnect that ended in between: it is not down.
		{name: "500", status: 502, page: "problem provider_retry", wrong: answering("token", 500, "application/json", `{"error":"server_error"}`), log: `"level":"warn"`},
		down(tableRow{name: "500 that says nothing", wrong: answering("token", 500, "application/json", `{}`), log: "HTTP 500"}),
		down(tableRow{name: "503 with JSON error", wrong: answering("token", 503, "application/json", `{"error":"server_error"}`), log: "HTTP 503"}),
		down(tableRow{name: "temporarily_unavailable", wrong: answering("token", 400, "application/json", `{"error":"temporarily_unavailable"}`), log: "temporarily_unavailable"}),
		down(tableRow{name: "500 with good tokens", wrong: withStatus("token", 500), log: "HTTP 500"}),
		down(tableRow{name: "201", wrong: withStatus("token", 201), log: "HTTP 201"}),
		{name: "no access_token", wrong: withMember("token", "access_token", nil), log: "access token missing"},
		{name: "access_token with a line break", wrong: withMember("token", "access_token", "a\r\nX-Evil: 1"), log: "access token missing or malformed"},
		{name: "id_token missing", wrong: withMember("token", "id_token", nil), log: "id token missing"},
		{name: "id_token null", wrong: withMember("token", "id_token", nullClaim{}), log: "id token missing"},
		{name: "id_token an object", wrong: withMember("token", "id_token", object), log: "id token missing"},
		{name: "token_type mac", wrong: withMember("token", "token_type", "mac"), log: "token type"},
		{name: "token_type DPoP", wrong: withMember("token", "token_type", "DPoP"), log: "token type"},
		{name: "token_type missing", wrong: withMember("token", "token_type", nil), log: "token type"},
		{name: "token_type bEARER", wrong: withMember("token", "token_type", "bEARER"), want: "ok"},
		{name: "expires_in absent", wrong: withMember("token", "expires_in", nil), want: "ok"},
		{name: "expires_in a string", wrong: withMember("token", "expires_in", "3600"), want: "ok"},
		{
			name: "invalid_client", status: 500, page: "problem misconfigured",
			wrong: answering("token", 401, "application/json", `{"error":"invalid_client"}`),
			log:   `"remedy":"check client_id and client_secret, and that they belong to http://127.`,
		},
		down(tableRow{name: "reset", wrong: rawly("token", resetting), log: "connection broken"}),
		down(tableRow{name: "truncated", wrong: rawly("token", truncating), log: "connection broken"}),
		down(tableRow{name: "2 MB", wrong: replying("token", func(r *pendingReply) { r.Body += strings.Repeat(" ", 2<<20) }), log: "too large"}),
		down(tableRow{name: "never-ending", wrong: rawly("token", endless("application/json")), log: "too large"}),
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		rows = append(rows, down(tableRow{name: http.StatusText(status), wrong: redirecting("token", status), log: "answered by a redirect"}))
	}
	for i := range rows {
		if rows[i].want == "" {
			rows[i].want = "T"
		}
	}
	return rows
}

// tokenRequest looks at the one request that exchanges a code: Basic, or another
// method tried first, would burn the code at ProConnect.
func (h *world) tokenRequest(t *testing.T) {
	var seen []*http.Request
	l := h.unused(t)
	l.Behave(rawly("token", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		seen = append(seen, r)
		l.Answer(w, r, "token", misconduct{})
	}))
	h.goodLogin(t, l)
	if len(seen) != 1 {
		t.Fatalf("%d requests", len(seen))
	}
	r := seen[0]
	got := slices.Sorted(maps.Keys(r.Form))
	want := []string{"client_id", "client_secret", "code", "code_verifier", "grant_type", "redirect_uri"}
	if r.Method != http.MethodPost || !slices.Equal(got, want) || r.URL.RawQuery != "" || len(r.PostForm) != len(want) {
		t.Errorf("%s %s with %v", r.Method, r.URL, got)
	}
	for name, values := range r.PostForm {
		if len(values) != 1 || values[0] == "" {
			t.Errorf("%s: %d values", name, len(values))
		}
	}
	if _, basic := r.Header["Authorization"]; basic {
		t.Error("the secret travels in a header too")
	}
	if n := len(r.PostForm.Get("code_verifier")); n < 43 {
		t.Errorf("the verifier has %d characters, want 43 at least (RFC 7636 §4.1)", n)
	}
}

// authorizationRequest looks at what the browser is sent away with.
func (h *world) authorizationRequest(t *testing.T) {
	l := h.p.Clients["rs"]
	h.goodLogin(t, l)
	q := l.Login().Request
	for name, want := range map[string]string{
		"response_type": "code", "client_id": clientID, "code_challenge_method": "S256",
		"redirect_uri": h.Fill("http://rs.localhost:{$PORT}/.proconnect/callback"),
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(q.Get(name)) < 43 {
			t.Errorf("%s has %d characters, want 43", name, len(q.Get(name)))
		}
	}
	for name, values := range q {
		if len(values) != 1 {
			t.Errorf("%s stands there %d times", name, len(values))
		}
	}
}
