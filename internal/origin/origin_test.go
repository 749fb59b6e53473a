package origin

import "testing"

// The origin is what redirect URIs begin with, what browsers send as Origin, and
// what cookies are bound to: it is kept as browsers write it.
func TestParseOrigin(t *testing.T) {
	for text, want := range map[string]Origin{
		"https://docs.example.gouv.fr":      {Scheme: "https", Addr: "docs.example.gouv.fr", Host: "docs.example.gouv.fr", Secure: true},
		"HTTPS://Docs.Example.gouv.fr:443":  {Scheme: "https", Addr: "docs.example.gouv.fr", Host: "docs.example.gouv.fr", Secure: true},
		"https://docs.example.gouv.fr:8443": {Scheme: "https", Addr: "docs.example.gouv.fr:8443", Host: "docs.example.gouv.fr", Secure: true},
		"https://xn--prfecture-b4a.fr":      {Scheme: "https", Addr: "xn--prfecture-b4a.fr", Host: "xn--prfecture-b4a.fr", Secure: true},
		"http://localhost:80":               {Scheme: "http", Addr: "localhost", Host: "localhost"},
		"http://127.0.0.1:8080":             {Scheme: "http", Addr: "127.0.0.1:8080", Host: "127.0.0.1"},
		"http://[::1]:8080":                 {Scheme: "http", Addr: "[::1]:8080", Host: "::1"},
		"https://10.1.2.3":                  {Scheme: "https", Addr: "10.1.2.3", Host: "10.1.2.3", Secure: true},
	} {
		if got, err := Parse(text); err != nil || *got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "https://", "https://:8443", "https://docs.example.gouv.fr:", "https://docs.example.gouv.fr/", "https://docs.example.gouv.fr?",
		"https://docs.example.gouv.fr#", "https://docs.example.gouv.fr.", "https://préfecture.fr", "https://a@docs.example.gouv.fr",
		"https://docs..example.fr", "https://*.example.gouv.fr", "https:docs.example.gouv.fr", "docs.example.gouv.fr", "//docs.example.gouv.fr",
		"ftp://docs.example.gouv.fr", "http://docs.example.gouv.fr", "http://localhost.example.fr", "http://10.1.2.3", "https://a b.fr",
	} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%q: accepted as %+v", text, got)
		}
	}
}
