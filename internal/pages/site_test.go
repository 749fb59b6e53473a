package pages

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestContactLink(t *testing.T) {
	tests := []struct{ contact, url string }{
		{"support@example.gouv.fr", "mailto:support@example.gouv.fr"},
		{"prenom.nom+site@example.gouv.fr", "mailto:prenom.nom+site@example.gouv.fr"},
		{"https://support.example.gouv.fr/aide?a=1", "https://support.example.gouv.fr/aide?a=1"},
		{"http://localhost:8080/", "http://localhost:8080/"},
		{"DSI, bureau 12, 01 23 45 67 89", ""},
		{"javascript:alert(1)", ""},
		{"JAVASCRIPT://x/%0aalert(1)", ""},
		{"data:text/html,x", ""},
		{"https:evil", ""},
		{"https://user:pass@evil.example/", ""},
		{"a@example.fr?bcc=b@evil.example", ""},
		{"a@example.fr,b@evil.example", ""},
		{"Camille <a@example.fr>", ""},
		{"/aide", ""},
		{"", ""},
	}
	for _, tt := range tests {
		t.Run(tt.contact, func(t *testing.T) {
			if got := contactLink(Text{Text: tt.contact}, "fr"); got.URL != tt.url || got.Text != tt.contact {
				t.Errorf("got %+v, want the URL %q", got, tt.url)
			}
		})
	}
}

func TestSafeURL(t *testing.T) {
	tests := []struct {
		url  string
		safe bool
	}{
		{"/", true},
		{"/a/b?c=%2F%2Fevil#d", true},
		{"https://example.gouv.fr", true},
		{"http://example.gouv.fr/a", true},
		{"", false},
		{"//evil.example", false},
		{`/\evil.example`, false},
		{"/\t/evil.example", false},
		{"/\n/evil.example", false},
		{`https:\\evil.example`, false},
		{" https://example.gouv.fr", false},
		{"https://", false},
		{"javascript:alert(1)", false},
		{"vbscript:x", false},
		{"mailto:a@example.fr", false},
		{"relative", false},
		{"/%zz", false},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			want := ""
			if tt.safe {
				want = tt.url
			}
			if got := safeURL(tt.url); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestPlain(t *testing.T) {
	tests := []struct{ in, want string }{
		{"C. Lefèvre", "C. Lefèvre"},
		{"  a\r\n\tb  ", "a b"},
		{"a\u202eb\u200bc\x00d\x7f", "abcd"},
		{"a\xffb", "ab"},
		{"<b>", "<b>"}, // for the templates to escape
		{strings.Repeat("é", 20), "ééééééééé…"},
		{strings.Repeat("\u200b", 100_000) + "x", ""},
	}
	for _, tt := range tests {
		if got := plain(tt.in, 10); got != tt.want {
			t.Errorf("%.40q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("Camille \u202e\xff\n")
	f.Fuzz(func(t *testing.T, s string) {
		got := plain(s, 20)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > 20 || strings.ContainsAny(got, "\n\r\x00\u202e\u2028") {
			t.Errorf("%q became %q", s, got)
		}
		if again := plain(got, 20); again != got {
			t.Errorf("%q became %q, then %q", s, got, again)
		}
	})
}
