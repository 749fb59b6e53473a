package e2e

import (
	"strings"
	"testing"
)

// TestErrorsCaddy: a site that writes its own error pages is told what it needs
// for them, and never names a refused person as its user.
func TestErrorsCaddy(t *testing.T) {
	s := newStack(t, rs256, sites{"docs": `	proconnect {
		allow siren 130025265
		errors caddy
	}
	reverse_proxy {$UPSTREAM}
	handle_errors {
		respond "status={err.status_code} decision={http.proconnect.decision} candidate={http.auth.candidate.siret} user={http.auth.user.siret} login={http.proconnect.login_url} logout={http.proconnect.logout_url} reference={http.proconnect.reference} reason={http.proconnect.reason} ."
	}`})
	b := newPerson(t)
	b.enter(s.origin("docs")+"/page", "clamart")
	body := func() string { return peek[string](b, `document.body.innerText`) }
	eventually(t, "the site's own page", func() bool { return strings.Contains(body(), "status=") })
	for _, want := range []string{"status=403 ", "decision=deny ", "candidate=21920023500014 ", "user= ", "login=/.proconnect/login?return_to=", "logout=/.proconnect/logout"} {
		if got := body(); !strings.Contains(got, want) {
			t.Errorf("refused: got %q, want %q in it", got, want)
		}
	}
	reference := between(body(), "reference=", " ")
	if reference == "" || s.caddy.lines.find("refused", reference) == "" {
		t.Errorf("reference %q: the log does not know it", reference)
	}
	if len(s.upstream.got("/page")) > 0 {
		t.Error("the request reached the site")
	}
}
