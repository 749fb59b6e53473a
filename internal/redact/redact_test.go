package redact

import (
	"net/url"
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"a callback", "/.proconnect/callback?code=c0de&state=st4te&iss=https://x", "/.proconnect/callback?code=hidden&state=hidden&iss=hidden"},
		{"an authorization request", "https://p.example/authorize?client_id=abc&nonce=n0nce&login_hint=a%40b.fr&acr_values=eidas1", "https://p.example/authorize?client_id=abc&nonce=hidden&login_hint=hidden&acr_values=eidas1"},
		{"a logout", "https://p.example/end?id_token_hint=eyJ.x.y&state=s", "https://p.example/end?id_token_hint=hidden&state=hidden"},
		{"no query", "/page", "/page"},
		{"the site's own query", "/page?q=caf%C3%A9&page=2&colour=%23ff0000", "/page?q=caf%C3%A9&page=2&colour=%23ff0000"},
		{"a broken escape beside it", "/cb?x=%zz&code=c0de", "/cb?x=%zz&code=hidden"},
		{"a broken escape in it", "/cb?code=c0de%zz", "/cb?code=hidden"},
		{"a name that is escaped", "/cb?c%6fde=c0de", "/cb?c%6fde=hidden"},
		{"a name that nothing decodes", "/cb?cod%e=c0de", "/cb?cod%e=hidden"},
		{"capitals", "/cb?CODE=c0de", "/cb?CODE=hidden"},
		{"semicolons", "/cb?x=1;code=c0de", "/cb?x=1;code=hidden"},
		{"a second question mark", "/cb?x=1?code=c0de", "/cb?x=1?code=hidden"},
		{"a fragment", "/cb#access_token=t0ken&x=1", "/cb#hidden"},
		{"a key in a fragment", "https://pad.example/pad?x=1#/2/edit/k3y/?y", "https://pad.example/pad?x=1#hidden"},
		{"an empty fragment", "/page#", "/page#"},
		{"no address", "C#sharp", "C#sharp"},
		{"a return target with a fragment", "/login?return_to=%2Fpad%23%2F2%2Fk3y&step=auto", "/login?return_to=hidden&step=auto"},
		{"twice", "/cb?code=one&code=two", "/cb?code=hidden&code=hidden"},
		{"a return target", "/login?return_to=%2Fcb%3Fcode%3Dc0de", "/login?return_to=hidden"},
		{"a return target, encoded twice", "/login?return_to=%252Fcb%253Fcode%253Dc0de", "/login?return_to=hidden"},
		{"a return target, with a broken escape", "/login?return_to=%2Fcb%3Fcode%3Dc0de%zz", "/login?return_to=hidden"},
		{"a return target of a return target", "/login?return_to=%2Flogin%3Freturn_to%3D%252Fcb%253Fcode%253Dc0de", "/login?return_to=hidden"},
		{"a return target, encoded more often than anybody reads", "/login?return_to=%2525252Fcb%2525253Fcode%2525253Dc0de", "/login?return_to=hidden"},
		{"the site's own query in a return target", "/login?return_to=%2Fpage%3Fq%3Dcaf%25C3%25A9+100%2525", "/login?return_to=%2Fpage%3Fq%3Dcaf%25C3%25A9+100%2525"},
		{"a refresh", "0; url=https://p.example/end?id_token_hint=eyJ", "0; url=https://p.example/end?id_token_hint=hidden"},
		{"no value", "/cb?code&state=", "/cb?code&state="},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Address(tt.in); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// Addresses within addresses, as deep as a request line has room for, cost what the line
// is long. Whoever wrote the log would be busy with one of them for years.
func TestAddressesNestedDeep(t *testing.T) {
	deep := "end"
	for len(deep) < 8<<10 {
		deep = "?a=" + url.QueryEscape(deep)
	}
	if got := Address("/page" + deep); got != "/page?a=hidden" {
		t.Errorf("got %.100s", got)
	}
}

// Whatever stands around a secret, it is gone; what was hidden once stays as it is.
func FuzzAddress(f *testing.F) {
	f.Add("/cb", "x=%zz", "#")
	f.Add("https://h/p?a=b", "c;d", "%")
	f.Fuzz(func(t *testing.T, before, between, behind string) {
		const value = "SeCrEtVaLuE"
		if strings.Contains(before+between+behind, value) || strings.ContainsAny(between, "&?#;=") {
			t.Skip()
		}
		got := Address(before + "?" + between + "&code=" + value + "&" + behind)
		if strings.Contains(got, value) {
			t.Errorf("it is still in %q", got)
		}
		if again := Address(got); again != got {
			t.Errorf("%q becomes %q", got, again)
		}
	})
}
