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

func TestHostOf(t *testing.T) {
	for in, want := range map[string]string{
		"Docs.Example.fr": "docs.example.fr", "docs.example.fr:8443": "docs.example.fr", "docs.example.fr.": "docs.example.fr",
		"docs.example.fr.:443": "docs.example.fr", "[::1]:80": "::1", "[::1]": "::1", "::1": "::1", "2001:DB8::1": "2001:db8::1", "127.0.0.1:80": "127.0.0.1", "": "",
	} {
		if got := HostOf(in); got != want {
			t.Errorf("%q is host %q, want %q", in, got, want)
		}
	}
}

func TestIsLoopbackHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "docs.localhost": true, "127.0.0.1": true, "127.8.9.1": true, "::1": true, "::ffff:127.0.0.1": true,
		"notlocalhost": false, "localhost.evil.fr": false, "10.0.0.1": false, "0.0.0.0": false, "::": false, "": false,
		"127.0.0.1.evil.fr": false, "2130706433": false,
	} {
		if got := IsLoopback(host); got != want {
			t.Errorf("%q loopback: %v, want %v", host, got, want)
		}
	}
}
