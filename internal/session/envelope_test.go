package session

import (
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-proconnect/caddy-proconnect/internal/claims"
	"github.com/caddy-proconnect/caddy-proconnect/internal/origin"
	"github.com/caddy-proconnect/caddy-proconnect/internal/seal"
)

var (
	testOrigin = origin.Of("docs.example", true)
	testNow    = time.Unix(1_800_000_000, 0)
)

func testAttempt() *Attempt {
	return &Attempt{
		Kind: StepUp, Automatic: true, Round: 1, Target: "/wanted?a=b", ACR: []string{"eidas1-mfa", "eidas2"},
		Scopes: []string{"openid", "email", "siret"}, Family: Family{7}, Gate: "0a1b2c3d", Site: "https://docs.example",
	}
}

func begun(t testing.TB, k *Keeper, b Browser, a *Attempt) Secrets {
	t.Helper()
	s, err := k.BeginAttempt(t.Context(), testOrigin, b, a, testNow)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAttemptSurvivesItsEnvelope(t *testing.T) {
	k, b, a := testKeeper(), Browser{1}, testAttempt()
	asked := begun(t, k, b, a)
	got := k.OpenAttempt(t.Context(), asked.State)
	if !reflect.DeepEqual(got, a) {
		t.Fatalf("got %+v, want %+v", got, a)
	}
	proofs := k.Secrets(testOrigin, b, got)
	if proofs.Nonce != asked.Nonce || proofs.Verifier != asked.Verifier || len(asked.Nonce) != 43 || len(asked.Verifier) != 43 || asked.Nonce == asked.Verifier {
		t.Errorf("asked with %+v, proved by %+v", asked, proofs)
	}
}

// About 210 characters for what people mostly ask for, and never more than 1 200.
func TestEnvelopeStaysSmall(t *testing.T) {
	k := testKeeper()
	usual := &Attempt{Target: "/docs/guide?page=3", Scopes: claims.Scopes[:9]}
	if n := len(begun(t, k, Browser{1}, usual).State); n > 220 {
		t.Errorf("a usual state has %d characters", n)
	}
	long, path := "/"+strings.Repeat("p", 600)+"?q", "/path?"+strings.Repeat("\xff", 600)
	for target, want := range map[string]string{
		"/" + strings.Repeat("t", 511): "/" + strings.Repeat("t", 511), path: "/path", long: "/", "/" + strings.Repeat("t", 512): "/",
	} {
		for _, site := range []string{"", "https://" + strings.Repeat("x", 253) + ":65535"} {
			a := testAttempt()
			a.Target, a.Site, a.ACR, a.Scopes = target, site, claims.Levels, claims.Scopes
			state := begun(t, k, Browser{1}, a).State
			got := k.OpenAttempt(t.Context(), state)
			if len(state) > maxState || got == nil {
				t.Errorf("a target of %d bytes makes a state of %d characters", len(target), len(state))
				continue
			}
			if got.Target != want && (site == "" || got.Target != "/") {
				t.Errorf("a target of %d bytes becomes one of %d, want %d", len(target), len(got.Target), len(want))
			}
		}
	}
}

// What opens is of this very client and purpose, and unchanged.
func TestForeignStatesDoNotOpen(t *testing.T) {
	k := testKeeper()
	state := begun(t, k, Browser{1}, testAttempt()).State
	keys := seal.NewKeyring([]byte("0123456789abcdef0123456789abcdef"))
	sealed := func(box *seal.Box, plain []byte, place string) string {
		value, err := box.Seal(t.Context(), plain, place)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	plain := testAttempt().encode()
	own := keys.Box("attempt", "1", "issuer", "client")
	if k.OpenAttempt(t.Context(), sealed(own, plain, "")) == nil {
		t.Fatal("the control does not open")
	}
	for name, value := range map[string]string{
		"none": "", "cut": state[:len(state)-1], "longer": state + "A", "changed": flipped(state), "with a newline": state[:9] + "\n" + state[9:],
		"too long":            sealed(own, append(plain, make([]byte, 900)...), ""),
		"of another client":   sealed(keys.Box("attempt", "1", "issuer", "other"), plain, ""),
		"of another issuer":   sealed(keys.Box("attempt", "1", "other", "client"), plain, ""),
		"of another version":  sealed(keys.Box("attempt", "2", "issuer", "client"), plain, ""),
		"of another purpose":  sealed(k.logouts, plain, ""),
		"of a place":          sealed(own, plain, "docs.example"),
		"of another key":      sealed(seal.NewKeyring([]byte("another key of thirty-two bytes!")).Box("attempt", "1", "issuer", "client"), plain, ""),
		"empty":               sealed(own, nil, ""),
		"another version":     sealed(own, append([]byte{envelopeVersion + 1}, plain[1:]...), ""),
		"an unknown kind":     sealed(own, append([]byte{envelopeVersion, byte(kinds)}, plain[2:]...), ""),
		"an unknown level":    sealed(own, append(append([]byte(nil), plain[:fixedSize]...), 0x80, 0x01, 0, 1, 0, '/'), ""),
		"an unknown scope":    sealed(own, append(append([]byte(nil), plain[:fixedSize]...), 0, 0x80, 0x80, 0x04, 1, 0, '/'), ""),
		"two sites":           sealed(own, append(append([]byte(nil), plain[:fixedSize]...), 0, 0, 2, 0, 0, '/'), ""),
		"a site that is long": sealed(own, append(append([]byte(nil), plain[:fixedSize]...), 0, 0, 1, 9, '/'), ""),
	} {
		if k.OpenAttempt(t.Context(), value) != nil {
			t.Errorf("%s: it opens", name)
		}
	}
}

// flipped changes one bit of what a value says.
func flipped(value string) string {
	b := []byte(value)
	if b[40]++; b[40] > 'z' || !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", rune(b[40])) {
		b[40] = 'A'
	}
	return string(b)
}

// Whatever is not wholly understood is no attempt.
func TestEnvelopeThatIsCut(t *testing.T) {
	a := testAttempt()
	a.Target = ""
	plain := string(a.encode())
	for i := range len(plain) {
		if new(Attempt).decode(plain[:i]) == nil {
			t.Fatalf("an envelope cut after %d bytes is taken", i)
		}
	}
}

// Everything that is derived is of one browser, client, origin and attempt alone.
func TestDerivationsAreBound(t *testing.T) {
	k, b, a := testKeeper(), Browser{1}, testAttempt()
	asked := begun(t, k, b, a)
	other := *a
	other.id[0]++
	elsewhere := New(Config{Name: "proconnect", Keys: seal.NewKeyring(make([]byte, 32)), Issuer: "issue", ClientID: "rclient"})
	for name, tt := range map[string]struct {
		k *Keeper
		o origin.Origin
		b Browser
		a *Attempt
	}{
		"another browser": {k, testOrigin, Browser{2}, a}, "another origin": {k, origin.Of("blog.example", true), b, a},
		"another port": {k, origin.Of("docs.example:8443", true), b, a}, "another scheme": {k, origin.Of("docs.example", false), b, a},
		"another attempt": {k, testOrigin, b, &other}, "another client": {elsewhere, testOrigin, b, a},
	} {
		got := tt.k.Secrets(tt.o, tt.b, tt.a)
		if tt.k.Began(tt.o, tt.b, tt.a) || got.Nonce == asked.Nonce || got.Verifier == asked.Verifier {
			t.Errorf("%s: the same", name)
		}
	}
	if !k.Began(testOrigin, b, a) || !a.BeganAt(testOrigin) || a.BeganAt(origin.Of("blog.example", true)) || a.BeganAt(origin.Of("docs.example:8443", true)) {
		t.Error("an attempt is not known where it began")
	}
}

func TestAttemptTime(t *testing.T) {
	k, a := testKeeper(), testAttempt()
	begun(t, k, Browser{1}, a)
	for after, want := range map[time.Duration][2]bool{
		0: {false, false}, time.Hour: {false, false}, time.Hour + time.Second: {true, false}, -5 * time.Minute: {false, false}, -6 * time.Minute: {false, true},
	} {
		if got := [2]bool{a.Late(testNow.Add(after)), a.FromTheFuture(testNow.Add(after))}; got != want {
			t.Errorf("after %s: late, future: %v, want %v", after, got, want)
		}
	}
}

// A secret that is there twice was planted, and one that is spelled otherwise is not ours.
func TestBrowserSecret(t *testing.T) {
	k := testKeeper()
	w := httptest.NewRecorder()
	b := NewBrowser()
	k.SetBrowser(w, testOrigin, b)
	c := w.Result().Cookies()[0]
	if c.Name != "__Host-proconnect_browser" || c.Path != "/" || !c.Secure || !c.HttpOnly || c.MaxAge != 0 || !c.Expires.IsZero() || c.Domain != "" || len(c.Value) != 43 {
		t.Errorf("the browser is given %s", c.Raw)
	}
	pair := c.Name + "=" + c.Value
	if got, ok := k.Browser(testOrigin, []string{"a=1; " + pair}); !ok || got != b {
		t.Error("the browser is not known by its secret")
	}
	for name, lines := range map[string][]string{
		"none": nil, "empty": {c.Name + "="}, "twice": {pair + "; " + pair}, "on two lines": {pair, pair}, "cut": {pair[:len(pair)-1]}, "longer": {pair + "A"},
		"with its last bits set": {pair[:len(pair)-1] + "_"}, "without prefix": {strings.TrimPrefix(pair, "__Host-")}, "padded": {pair + "="},
		"of another alphabet": {c.Name + "=" + strings.Repeat("+", 43)}, "of another port": {"__Host-proconnect_8443_browser=" + c.Value},
	} {
		if _, ok := k.Browser(testOrigin, lines); ok {
			t.Errorf("%s: taken", name)
		}
	}
}

// What everybody may be asked for has its number, which nodes of several versions share.
func TestNumbersOfAnEnvelope(t *testing.T) {
	if got := strings.Join(claims.Scopes, " "); got != "openid given_name usual_name email uid siret idp_id roles organization_label belonging_population organizational_unit phone chorusdt idp_acr custom siren" {
		t.Errorf("scopes are numbered otherwise, so envelopes need another version: %s", got)
	}
	if got := strings.Join(claims.Levels, " "); got != "eidas0 eidas0-mfa eidas1 eidas1-mfa eidas2 eidas3 https://proconnect.gouv.fr/assurance/certification-dirigeant" {
		t.Errorf("levels are numbered otherwise, so envelopes need another version: %s", got)
	}
}

// An envelope that was sealed is one that we wrote; the parser bears anything all the same.
func FuzzEnvelope(f *testing.F) {
	f.Add(string(testAttempt().encode()))
	f.Add(string(new(Attempt).encode()))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		a, again := new(Attempt), new(Attempt)
		if a.decode(text) != nil {
			return
		}
		if err := again.decode(string(a.encode())); err != nil || !reflect.DeepEqual(a, again) {
			t.Errorf("%+v becomes %+v, %v", a, again, err)
		}
	})
}

// A target that does not fit into the state loses what matters least first.
func TestShorterTargets(t *testing.T) {
	got := slices.Collect(shorterTargets("/a?b#c"))
	if want := []string{"/a?b#c", "/a?b", "/a", "/"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := slices.Collect(shorterTargets("/a#" + strings.Repeat("c", MaxTarget))); got[0] != "/a" {
		t.Errorf("got %.20q first", got[0])
	}
}
