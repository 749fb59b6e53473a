package pages

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
)

// File is what a page loads besides itself. Its name holds a digest of its bytes: what is
// under a name never changes, and may be kept for ever.
type File struct {
	Name string
	Type string // the Content-Type
	CSP  string // the Content-Security-Policy, for when it is opened by itself
	Body []byte
}

//go:embed assets/style.css
var styleCSS []byte

//go:embed assets/icon.svg
var iconSVG []byte

//go:embed assets/fragment.js
var fragmentJS []byte

const (
	typeCSS = "text/css; charset=utf-8"
	typeJS  = "text/javascript; charset=utf-8"
	typeSVG = "image/svg+xml"
	typePNG = "image/png"
)

// filePolicy lets a file do nothing where it is opened by itself: an SVG image is a
// document then, and may hold scripts. Its own styles are part of the drawing.
const filePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

var (
	styleFile  = newFile("style", ".css", typeCSS, styleCSS)
	iconFile   = newFile("icon", ".svg", typeSVG, iconSVG)
	scriptFile = newFile("fragment", ".js", typeJS, fragmentJS)
)

// files are those of every site, by name.
var files = map[string]*File{
	styleFile.Name: styleFile, iconFile.Name: iconFile, scriptFile.Name: scriptFile,
}

func newFile(stem, extension, contentType string, body []byte) *File {
	sum := sha256.Sum256(body)
	return &File{Name: stem + "-" + hex.EncodeToString(sum[:8]) + extension, Type: contentType, CSP: filePolicy, Body: body}
}

// FileNamed returns a file of every site's; nil if there is none of the name.
func FileNamed(name string) *File { return files[name] }

// fileData is where a page finds its files.
type fileData struct{ Style, Icon, Script string }

// filesOf are the files of the page of a view, under a path of the site.
func filesOf(view View, path string) fileData {
	d := fileData{Style: path + styleFile.Name, Icon: path + iconFile.Name}
	if leadsToLogin(view) {
		d.Script = path + scriptFile.Name
	}
	return d
}
