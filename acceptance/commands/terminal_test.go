package commands

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"
)

// A terminal acts on escape sequences, and shows a text backwards if it is told to: what
// an admin endpoint answers, or a file is called, is printed and does neither.
func TestNothingThatIsPrintedSteersTheTerminal(t *testing.T) {
	const steers = `\u001b[2J\u001b]0;x\u0007\u009b1A\u202e\rADMITTED`
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/proconnect/status" {
			io.WriteString(w, `{"clients":[{"name":"`+steers+`","gates":[{"site":"`+steers+`","gate":"1"}]}],"lists":[{"file":"`+steers+`"}]}`)
			return
		}
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, "\x1b[2J\u202e\rdone")
	}))
	defer admin.Close()
	address := strings.TrimPrefix(admin.URL, "http://")
	s := newShell(t, "SECRET=a-secret-of-some-length")
	s.write("Caddyfile", productionClient+"docs.example.gouv.fr {\n proconnect {\n allow siret from \"/nowhere/\x1b[2J\"\n }\n}\n")
	for _, args := range [][]string{
		{"status", "--address", address},
		{"rotate", "--address", address},
		{"check"},
		{"explain", "--url", "https://docs.example.gouv.fr", "--claim", "sub=\x1b[2J"},
	} {
		a := s.proconnect(args...)
		for _, r := range a.out + a.err {
			if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
				t.Errorf("%v: %U in %q", args, r, a.out+a.err)
				break
			}
		}
		if len(a.out+a.err) < 20 {
			t.Errorf("%v: %q", args, a.out+a.err)
		}
	}
}
