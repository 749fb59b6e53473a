package proconnect

import "testing"

// The origin is what redirect URIs begin with, what browsers send as Origin, and
// what cookies are bound to: it is kept as browsers write it.
func TestParseOrigin(t *testing.T) {
	for text, want := range map[string]place{
		"https://docs.example.gouv.fr":      {scheme: "https", addr: "docs.example.gouv.fr", host: "docs.example.gouv.fr", secure: true},
		"HTTPS://Docs.Example.gouv.fr:443":  {scheme: "https", addr: "docs.example.gouv.fr", host: "docs.example.gouv.fr", secure: true},
		"https://docs.example.gouv.fr:8443": {scheme: "https", addr: "docs.example.gouv.fr:8443", host: "docs.example.gouv.fr", secure: true},
		"https://xn--prfecture-b4a.fr":      {scheme: "https", addr: "xn--prfecture-b4a.fr", host: "xn--prfecture-b4a.fr", secure: true},
		"http://localhost:80":               {scheme: "http", addr: "localhost", host: "localhost"},
		"http://127.0.0.1:8080":             {scheme: "http", addr: "127.0.0.1:8080", host: "127.0.0.1"},
		"http://[::1]:8080":                 {scheme: "http", addr: "[::1]:8080", host: "::1"},
		"https://10.1.2.3":                  {scheme: "https", addr: "10.1.2.3", host: "10.1.2.3", secure: true},
	} {
		if got, err := parseOrigin(text); err != nil || *got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "https://", "https://:8443", "https://docs.example.gouv.fr:", "https://docs.example.gouv.fr/", "https://docs.example.gouv.fr?",
		"https://docs.example.gouv.fr#", "https://docs.example.gouv.fr.", "https://préfecture.fr", "https://a@docs.example.gouv.fr",
		"https://docs..example.fr", "https://*.example.gouv.fr", "https:docs.example.gouv.fr", "docs.example.gouv.fr", "//docs.example.gouv.fr",
		"ftp://docs.example.gouv.fr", "http://docs.example.gouv.fr", "http://localhost.example.fr", "http://10.1.2.3", "https://a b.fr",
	} {
		if got, err := parseOrigin(text); err == nil {
			t.Errorf("%q: accepted as %+v", text, got)
		}
	}
}
