package pages

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var testSite = Site{
	Title:    Text{"Documentation", "fr"},
	Audience: Text{"Agents des collectivités", "fr"},
	Contact:  Text{Text: "support@example.gouv.fr"},
	Links:    []Link{{Text{"Mentions légales", "fr"}, "https://example.gouv.fr/mentions"}, {Text{"Données", "fr"}, "/donnees"}},
	Banner:   BannerSandbox,
	Files:    "/.proconnect/assets/",
}

// render returns the page, or stops the test.
func render(t *testing.T, lang string, site Site, reference string, view View) string {
	t.Helper()
	var buf bytes.Buffer
	if err := Render(&buf, lang, site, reference, view); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// fullViews is every view with every one of its branches taken somewhere.
func fullViews() []View {
	person := Refused{
		Name: "Camille Lefèvre", Email: "camille@example.fr", Organization: "Commune de Clamart", Siret: "21920023500014",
		Reasons:   []Reason{{ReasonNotListed, "siret"}, {ReasonUnknown, "roles"}},
		SwitchURL: "/.proconnect/logout?then=login", LogoutURL: "/.proconnect/logout", RetryURL: "/docs",
	}
	stronger, rolesLost := person, person
	stronger.ACRUnmet, rolesLost.RolesUnknown = true, true
	list := []View{
		Login{LoginURL: "/.proconnect/login?return_to=%2F"},
		person, stronger, rolesLost,
		Refused{},
		LoggedOut{HomeURL: "/"},
		LoggedOut{HomeURL: "/", Partial: true},
		LoggedOut{HomeURL: "/", Switch: true},
		Logout{"/.proconnect/logout", "sealed", "Camille Lefèvre", "/"},
		Logout{Action: "/.proconnect/logout"},
		Leaving{"https://p.example/end-session?state=x"},
		Departing{"/.proconnect/login?return_to=%2F", 1},
		Waiting{"/.proconnect/login?return_to=%2F", "/.proconnect/login?return_to=%2F&step=wait", 2},
		Waiting{LoginURL: "/.proconnect/login?return_to=%2F"},
		PersonChanged{Person{Name: "A"}, Person{}, "/", "/.proconnect/logout?then=login"},
		FormLost{LoginURL: "/.proconnect/login?return_to=%2F"},
		FormWithheld{"/save"},
		Framed{URL: "/.proconnect/login?return_to=%2F"},
		Framed{FramedRefused, "/x"},
		Framed{FramedAbroad, "/x"},
		Framed{NotFound, "/"},
		Framed{"no_such_code", "/"},
	}
	list = append(list, Login{"/.proconnect/login?return_to=%2F", NoticeLoginRequired, "/.proconnect/logout?then=login"})
	for _, code := range problemCodes {
		list = append(list, Problem{Code: code, RetryURL: "/retry", HomeURL: "/", Detail: []string{"default", "portail"}})
	}
	return list
}

func TestRenderEveryView(t *testing.T) {
	for lang := range catalogs {
		for _, view := range fullViews() {
			for _, site := range []Site{testSite, {}} {
				got := render(t, lang, site, "K7XQ", view)
				for _, want := range []string{
					"<!doctype html>", `<html lang="` + lang + `">`, "<title>", "<h1>", `<code data-reference="K7XQ"><span>K7XQ</span></code>`,
					`<main data-page="` + view.pageName() + `"`, "</html>",
				} {
					if strings.Count(got, want) != 1 {
						t.Errorf("%s %#v: want %q once in\n%s", lang, view, want, got)
					}
				}
				if strings.Contains(got, "ZgotmplZ") || keyLike.MatchString(got) {
					t.Errorf("%s %#v: a refused value or a bare key in\n%s", lang, view, got)
				}
				wellFormed(t, got)
			}
		}
	}
}

// keyLike finds a key printed instead of its text.
var keyLike = regexp.MustCompile(`>(site|action|login|refused|reason|claim|problem|logged_out|logout|form_lost|framed)\.[a-z_.]+<`)

// wellFormed checks that elements are closed in order.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(voidElement.ReplaceAllString(strings.ReplaceAll(page, " defer>", ">"), "$1/>")))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Errorf("%v in\n%s", err, page)
			return
		}
	}
}

func TestRenderLogin(t *testing.T) {
	got := render(t, "fr", testSite, "", Login{LoginURL: "/.proconnect/login?return_to=%2Fdocs%3Fa%3D1%26b%3D%22&x=2"})
	for _, want := range []string{
		`<span class="label">S'identifier avec ProConnect</span>`,
		`<p><a href="https://www.proconnect.gouv.fr/" target="_blank" rel="noopener noreferrer" title="Qu&#39;est-ce que ProConnect ? - nouvelle fenêtre">Qu&#39;est-ce que ProConnect ?</a></p>`,
		`data-banner="sandbox"`,
		`<a href="mailto:support@example.gouv.fr">support@example.gouv.fr</a>`,
		`<a href="https://example.gouv.fr/mentions">Mentions légales</a>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %s in\n%s", want, got)
		}
	}
	if audience, button := strings.Index(got, testSite.Audience.Text), strings.Index(got, "proconnect-button"); audience < 0 || audience > button {
		t.Error("the audience is not stated before the button")
	}
	if strings.Contains(got, "reference") && strings.Contains(got, "<code>") {
		t.Error("an empty reference is shown")
	}
}

func TestRenderProblemCodes(t *testing.T) {
	tests := []struct{ code, want string }{
		{AttemptUnknown, AttemptUnknown},
		{SandboxGuard, SandboxGuard},
		{"no_such_code", Unexpected},
		{"", Unexpected},
		{`"><b>`, Unexpected},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			got := render(t, "en", Site{}, "", Problem{Code: tt.code})
			if !strings.Contains(got, `data-problem="`+tt.want+`"`) || !strings.Contains(got, catalogOf("en").text("problem."+tt.want+".title")) {
				t.Errorf("want problem %s in\n%s", tt.want, got)
			}
		})
	}
}

// A page whose only way on leads elsewhere is an open redirect or a dead end.
func TestRenderRefusesForeignURL(t *testing.T) {
	for _, u := range []string{"", "//evil.example", `/\evil.example`, "/\t/evil.example", "https://evil.example/", "javascript:alert(1)", "login", "/a b"} {
		for _, view := range []View{Login{LoginURL: u}, Logout{Action: u}, FormLost{LoginURL: u}, FormWithheld{u}, Framed{URL: u}, Framed{FramedAbroad, u}} {
			var buf bytes.Buffer
			if err := Render(&buf, "fr", testSite, "", view); err == nil || buf.Len() > 0 {
				t.Errorf("%#v: rendered %d bytes, error %v", view, buf.Len(), err)
			}
		}
	}
	if err := Render(io.Discard, "fr", testSite, "", nil); err == nil {
		t.Error("rendered no view")
	}
}

// A page that goes on by itself does so without anybody's click.
func TestRenderGoesOnToNoForeignURL(t *testing.T) {
	for _, u := range []string{"//evil.example", `/\evil.example`, "javascript:alert(1)", "data:text/html,x", "login", "/a b", "https:", "https://a@evil.example/"} {
		for _, view := range []View{Departing{URL: u}, Waiting{LoginURL: u}, Waiting{LoginURL: "/x", NextURL: u}, Leaving{URL: u}} {
			if err := Render(io.Discard, "fr", testSite, "", view); err == nil {
				t.Errorf("%#v: rendered", view)
			}
		}
		if next := NextOf(Leaving{URL: u}); next.URL != "" {
			t.Errorf("a logout goes on to %q", next.URL)
		}
	}
	if next := NextOf(Leaving{URL: "https://proconnect.example/end"}); next.URL == "" {
		t.Error("a logout goes nowhere")
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestRenderReportsWriteError(t *testing.T) {
	err := Render(failingWriter{}, "fr", testSite, "", LoggedOut{})
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}

// ProConnect hands names on verbatim, and links come from the operator or from
// what the person asked for: none may become markup, script or reordered text.
func TestRenderHostileValues(t *testing.T) {
	hostile := []string{
		`<script>alert(1)</script>`,
		`"><img src=x onerror=alert(1)>`,
		`' autofocus onfocus='alert(1)`,
		`javascript:alert(1)`,
		`JaVaScRiPt:alert(1)//@example.fr`,
		`data:text/html,<script>alert(1)</script>`,
		"Camille \u202egro.elpmaxe\u2066 \x00\x1b[31m\u2028",
		"\xff\xfe<b>\xc3",
		`{{.Site}} {name} {organization} {email}`,
		`</style></title></main>`,
		strings.Repeat("A", 10_000),
		strings.Repeat("\u202e", 10_000) + "x",
	}
	for _, s := range hostile {
		site := Site{Title: Text{s, s}, Audience: Text{s, s}, Contact: Text{s, s}, Banner: s, Links: []Link{{Text{s, s}, s}, {Text{Text: "x"}, s}, {Text{s, s}, ""}}}
		for _, view := range []View{
			Login{"/login?return_to=" + strings.Repeat("x", 1000), s, s},
			Login{LoginURL: "/login?" + "%22%3E%3Cscript%3E=%22%3E%3Cscript%3E"},
			Refused{s, s, s, s, []Reason{{s, s}, {ReasonNotListed, s}, {ReasonNotListed, "siret"}, {ReasonUnknown, s}, {ReasonExcluded, "email"}}, []string{s, "siret"}, []string{s}, true, true, s, s, s, s},
			Problem{s, s, s, s, []string{s, s}},
			LoggedOut{HomeURL: s, Switch: true},
			Logout{"/logout", "sealed", s, s},
			Departing{"/login?return_to=" + url.QueryEscape(s[:min(len(s), 100)]), 1},
			PersonChanged{Person{s, s, s}, Person{s, s, s}, "/", "/"},
		} {
			checkHarmless(t, render(t, "fr", site, s, view))
		}
	}
}

// checkHarmless fails if the page has an element, an attribute or a link that
// the templates do not have.
func checkHarmless(t *testing.T, page string) {
	t.Helper()
	wellFormed(t, page)
	for _, tag := range tags.FindAllString(page, -1) {
		if strings.HasPrefix(tag, "<script") && !strings.HasPrefix(tag, `<script src="`) || strings.HasPrefix(tag, "<img") || strings.HasPrefix(tag, "<b>") || eventAttribute.MatchString(tag) {
			t.Errorf("hostile tag %s", tag)
		}
	}
	for _, m := range hrefs.FindAllStringSubmatch(page, -1) {
		if !slices.ContainsFunc([]string{"https://", "/", "fragment-", "icon-", "style-"}, func(p string) bool { return strings.HasPrefix(m[1], p) }) {
			t.Errorf("hostile link %s", m[1])
		}
	}
	if strings.ContainsAny(page, "\x00\x1b\u202e\u2066\u2028") {
		t.Error("control or formatting character in the page")
	}
	if len(page) > 30_000 { // 13 kB of them are the official button
		t.Errorf("page of %d bytes", len(page))
	}
}

var (
	voidElement    = regexp.MustCompile(`(<(?:meta|link|input)\b[^>]*)>`)
	tags           = regexp.MustCompile(`<[a-z](?:"[^"]*"|[^>"])*>`)
	eventAttribute = regexp.MustCompile(`\son[a-z]+=`)
	hrefs          = regexp.MustCompile(`(?:href|action)="([^"]*)"`)
)

// A reference is read out in groups of five, and copied as the one word that the log has.
func TestReferenceInGroups(t *testing.T) {
	const want = `<code data-reference="5LU7JSMCVE"><span>5LU7J</span><span>SMCVE</span></code>`
	if got := render(t, "fr", testSite, "5LU7JSMCVE", LoggedOut{}); !strings.Contains(got, want) {
		t.Errorf("want %s in\n%s", want, got)
	}
}
