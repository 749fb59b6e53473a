package claims

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestClaimValues(t *testing.T) {
	for name, c := range map[string]struct {
		kind Kind
		raw  any
		want []string
	}{
		"text":                           {KindText, "  Éloïse\u00a0", []string{"Éloïse"}},
		"text is composed":               {KindText, "E\u0301loi\u0308se", []string{"Éloïse"}},
		"a template":                     {KindText, `{{env "SECRET"}}`, []string{`env "SECRET"`}},
		"markup":                         {KindText, `<img src=x onerror=alert(1)>`, []string{"img src=x onerror=alert(1)"}},
		"a line break":                   {KindText, "a\r\nX-Admin: 1\x00", []string{"aX-Admin: 1"}},
		"right to left":                  {KindText, "a\u202eb\u2066c", []string{"abc"}},
		"only brackets":                  {KindText, "{}<>", nil},
		"256 characters":                 {KindText, strings.Repeat("é", 256), []string{strings.Repeat("é", 256)}},
		"257 characters":                 {KindText, strings.Repeat("é", 257), nil},
		"100 kB":                         {KindText, strings.Repeat("x", 100_000), nil},
		"invalid UTF-8":                  {KindText, "a\xff", nil},
		"empty":                          {KindText, "", nil},
		"white space":                    {KindText, " \t\u00a0", nil},
		"null":                           {KindText, nil, nil},
		"an object":                      {KindText, map[string]any{"a": "b"}, nil},
		"a number":                       {KindText, json.Number("12"), []string{"12"}},
		"true":                           {KindText, true, []string{"true"}},
		"an identifier":                  {KindID, "agent_public", []string{"agent_public"}},
		"an identifier with markup":      {KindID, "agent<_public", nil},
		"an identifier with a zero":      {KindID, "agent\u200b_public", nil},
		"a list":                         {KindID, []any{"a", "b"}, []string{"a", "b"}},
		"an empty list":                  {KindID, []any{}, nil},
		"a list of empty strings":        {KindID, []any{"", " "}, nil},
		"a list with an unreadable role": {KindID, []any{"agent_public", "prestataire\u200b"}, nil},
		"a list with a list":             {KindID, []any{"agent_public", []any{"prestataire"}}, nil},
		"a list with null":               {KindID, []any{"agent_public", nil}, nil},
		"64 elements":                    {KindID, slices.Repeat([]any{"a"}, 64), slices.Repeat([]string{"a"}, 64)},
		"65 elements":                    {KindID, slices.Repeat([]any{"a"}, 65), nil},
		"a SIRET with spaces":            {KindDigits, "130 025 265\u00a000013", []string{"13002526500013"}},
		"13 digits":                      {KindDigits, "1300252650001", nil},
		"a SIRET with a letter":          {KindDigits, "1300252650001x", nil},
		"an email":                       {KindEmail, "Jean.Dupont@Ville.fr", []string{"Jean.Dupont@Ville.fr"}},
		"an accented local part":         {KindEmail, "jérôme@ville.fr", []string{"jérôme@ville.fr"}},
		"two @":                          {KindEmail, "a@evil.fr@gouv.fr", nil},
		"a quoted local part":            {KindEmail, `"a@gouv.fr"@evil.fr`, nil},
		"a trailing dot":                 {KindEmail, "a@gouv.fr.", nil},
		"NUL":                            {KindEmail, "a@gouv.fr\x00.evil.fr", nil},
		"a look-alike domain":            {KindEmail, "a@gоuv.fr", nil}, // the о is Cyrillic
		"no local part":                  {KindEmail, "@gouv.fr", nil},
		"no domain":                      {KindEmail, "a@", nil},
		"a space":                        {KindEmail, "a b@gouv.fr", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := readValues(c.kind, c.raw)
			if len(got) != len(c.want) || !slices.Equal(got, c.want) && len(c.want) > 0 {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNewIdentity(t *testing.T) {
	requested := NewRequest([]string{"+custom"}, []Ref{mustLookup(t, "custom.org.grade"), mustLookup(t, "phone_number")}).Claims
	id := New(requested, map[string]any{
		"sub": "u1", "siret": "13002526500013", "siren": "000000000", "roles": []any{"agent_public", "agent_public_etat"},
		"phone_number": "+33 1 02 03 04 05", "given_name": "Jean", "usual_name": "Dupont",
		"custom": map[string]any{"org": map[string]any{"grade": "A", "secret": "not kept"}},
	})
	for name, want := range map[string]string{
		"sub": "u1", "siren": "130025265", "roles": "agent_public agent_public_etat", "given_name": "Jean",
		"phone_number": "+33 1 02 03 04 05", "custom.org.grade": "A", "custom.org.secret": "", "email": "", "no_such_claim": "",
	} {
		if got := id.Text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := id.Name(); got != "Jean Dupont" {
		t.Errorf("the name is %q", got)
	}
	if _, requested := id.Find(mustLookup(t, "email")); !requested {
		t.Error("email was asked for and not given, which is not: not asked for")
	}
	if _, requested := id.Find(mustLookup(t, "belonging_population")); requested {
		t.Error("belonging_population was never asked for")
	}
}

func TestScopesAreTheUnionOfWhatIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		wanted []string
		needed []string
		want   string
	}{
		"default":            {nil, nil, "openid given_name usual_name email uid siret idp_id roles organization_label"},
		"added":              {[]string{"+phone"}, nil, "openid given_name usual_name email uid siret idp_id roles organization_label phone"},
		"replaced":           {[]string{"email"}, nil, "openid email"},
		"needed by rules":    {[]string{"email"}, []string{"siren", "roles"}, "openid email siret roles"},
		"needed custom":      {[]string{"openid"}, []string{"custom.grade"}, "openid custom"},
		"acr needs no scope": {[]string{"openid"}, []string{"acr"}, "openid"},
	} {
		t.Run(name, func(t *testing.T) {
			var needed []Ref
			for _, n := range c.needed {
				needed = append(needed, mustLookup(t, n))
			}
			if got := strings.Join(NewRequest(c.wanted, needed).Scopes, " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// What is taken out of a text may have kept two characters from being one: they
// are compared as one (NFC) all the same.
func TestTextIsNormalAfterStripping(t *testing.T) {
	for _, text := range []string{"salari\u00e9", "salarie\u0301", "salarie\u200d\u0301", "salarie{\u0301"} {
		if values := readValues(KindText, text); len(values) != 1 || values[0] != "salari\u00e9" {
			t.Errorf("%+q: %+q", text, values)
		}
	}
}

// What lies on the way to a claim may be no object: then the claim is told, in a way that
// nobody can read, and is not absent.
func TestCustomClaimsOnTheWay(t *testing.T) {
	grade := mustLookup(t, "custom.org.grade")
	for _, c := range []struct {
		custom any
		told   int
	}{
		{nil, 0},
		{map[string]any{}, 0},
		{map[string]any{"org": nil}, 0},
		{map[string]any{"org": map[string]any{}}, 0},
		{map[string]any{"org": map[string]any{"grade": []any{}}}, 0},
		{map[string]any{"org": "A"}, 1},
		{map[string]any{"org": []any{map[string]any{"grade": "A"}}}, 1},
		{"org", 1},
	} {
		id := New([]Ref{grade}, map[string]any{"custom": c.custom})
		if values := id.Values(grade); len(values) != c.told || strings.Join(values, "") != "" {
			t.Errorf("%v: %q", c.custom, values)
		}
	}
}

// What NFC makes an ASCII character of looked like one, and was none: an address that is
// somebody else's. Texts, which prove nothing, are composed.
func TestLookAlikesAreUnreadable(t *testing.T) {
	for kind, unreadable := range map[Kind]bool{KindEmail: true, KindID: true, KindText: false} {
		value, ok := Readable(kind, "\u212aevin@example.gouv.fr")
		if ok == unreadable || ok && value != "Kevin@example.gouv.fr" {
			t.Errorf("kind %d: %q, %t", kind, value, ok)
		}
		if _, ok := Readable(kind, "rene\u0301@example.gouv.fr"); !ok {
			t.Errorf("kind %d: a letter in two characters is unreadable", kind)
		}
	}
}

// A role that holds a blank would be two to whatever gets the list as one text.
func TestListElementsHoldNoBlank(t *testing.T) {
	for raw, want := range map[any]string{
		"agent_public": "agent_public", "agent_public agent_public_etat": "", "agent_public\u00a0x": "", " agent_public ": "agent_public",
	} {
		id := New([]Ref{RefOf(Roles)}, map[string]any{"roles": []any{"other", raw}})
		if values := id.Of(Roles); values[len(values)-1] != want || want == "" && len(values) != 1 {
			t.Errorf("%q: %q", raw, values)
		}
	}
}

// A SIREN is made of a SIRET and of nothing else: where that is not one, neither is.
func TestSIRENOfNoSIRET(t *testing.T) {
	id := New([]Ref{RefOf(SIRET), RefOf(SIREN)}, map[string]any{"siret": "130025265", "siren": "130025265"})
	if values := id.Of(SIREN); len(values) != 1 || values[0] != "" {
		t.Errorf("%q", values)
	}
}

func mustLookup(t testing.TB, name string) Ref {
	t.Helper()
	ref, ok := Lookup(name)
	if !ok {
		t.Fatalf("no claim %q", name)
	}
	return ref
}
