// Package pages holds every page that a person sees from the gate, in French
// and in English. It only renders: who the person is, which page and which
// status they get is decided by the caller.
//
// A page loads nothing of elsewhere, holds no style and no script itself, and has no form
// that leads to another origin: it works under the strictest policy that a site may put
// over its own. Its style, its icon and a few lines of script are a [File] each. It can be
// read, and every link and form of it works, without any of them.
package pages

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
)

//go:embed templates/*.html
var templateFiles embed.FS

// View is what one page shows: [Login], [Refused], [Problem], [LoggedOut],
// [Logout], [Leaving], [FormLost], [FormWithheld], [Framed], [PersonChanged],
// [Departing] or [Waiting].
type View interface {
	// pageName names the template, and the page in its data-page attribute.
	pageName() string
	// prepare turns the view into words: the heading and what the template
	// reads. An error means that the page would be a dead end.
	prepare(c *catalog) (heading string, data any, err error)
}

// views lists one of each, for the templates and the tests.
var views = []View{Login{}, Refused{}, Problem{}, LoggedOut{}, Logout{}, Leaving{}, FormLost{}, FormWithheld{}, Framed{}, PersonChanged{}, Departing{}, Waiting{}}

// page is what the layout reads.
type page struct {
	Lang      string
	Name      string
	Heading   string
	Files     fileData
	Next      Next
	Site      siteData
	Reference string
	Data      any
}

// templates holds the parsed page of each language and view. A language has
// templates of its own, because its texts are bound when they are parsed.
var templates = parseTemplates()

func parseTemplates() map[string]map[string]*template.Template {
	parsed := make(map[string]map[string]*template.Template, len(catalogs))
	for lang, c := range catalogs {
		parsed[lang] = make(map[string]*template.Template, len(views))
		for _, v := range views {
			t := template.New("layout.html").Funcs(template.FuncMap{"t": c.text, "breakable": breakable, "groups": groups})
			files := []string{"templates/layout.html", "templates/button.html", "templates/" + v.pageName() + ".html"}
			parsed[lang][v.pageName()] = template.Must(t.ParseFS(templateFiles, files...))
		}
	}
	return parsed
}

// Render writes the page of view in lang, as [Language] returns it. The
// reference is on the page and in the log, so that whoever is asked for
// help finds one by the other; it may be empty.
//
// Nothing is written when there is an error: a page appears whole or not at all.
func Render(w io.Writer, lang string, site Site, reference string, view View) error {
	if view == nil {
		return errors.New("page: no view")
	}
	c := catalogOf(lang)
	heading, data, err := view.prepare(c)
	if err != nil {
		return fmt.Errorf("page %s: %w", view.pageName(), err)
	}
	var buf bytes.Buffer
	err = templates[c.lang][view.pageName()].Execute(&buf, page{
		Lang:      c.lang,
		Name:      view.pageName(),
		Heading:   heading,
		Files:     filesOf(view, site.Files),
		Next:      NextOf(view),
		Site:      site.data(c.lang),
		Reference: lettersAndDigits(plain(reference, maxShort)),
		Data:      data,
	})
	if err != nil {
		return fmt.Errorf("page %s: %w", view.pageName(), err)
	}
	_, err = w.Write(buf.Bytes())
	return err
}
