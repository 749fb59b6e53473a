package pages

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"
)

func pngOf(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNewLogo(t *testing.T) {
	const svg = `<svg xmlns="http://www.w3.org/2000/svg"><rect width="1" height="1"/></svg>`
	picture := pngOf(t, 20, 10)
	for name, tt := range map[string]struct {
		data []byte
		want string // the type, or the end of what is wrong
	}{
		"svg":                        {[]byte(svg), "image/svg+xml"},
		"svg of a drawing program":   {[]byte("\ufeff<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- x -->\n<!DOCTYPE svg [<!ENTITY ns \"x\">]>\n" + svg), "image/svg+xml"},
		"png":                        {picture, "image/png"},
		"a page":                     {[]byte("<!doctype html><html><svg xmlns=\"http://www.w3.org/2000/svg\"/></html>"), "want an image in SVG or PNG"},
		"jpeg":                       {[]byte("\xff\xd8\xff\xe0JFIF"), "want an image in SVG or PNG"},
		"text":                       {[]byte("logo"), "want an image in SVG or PNG"},
		"nothing":                    {nil, "want an image in SVG or PNG"},
		"svg without its name":       {[]byte(`<svg width="1"/>`), `without xmlns="http://www.w3.org/2000/svg" in its first element`},
		"half a png":                 {picture[:len(picture)-20], "the PNG image is damaged"},
		"a png that unpacks to much": {pngOf(t, 4000, 40), "it is 4000 by 40 pixels: make the image smaller, 200 pixels are enough"},
		"the same, standing":         {pngOf(t, 40, 4000), "it is 40 by 4000 pixels: make the image smaller, 200 pixels are enough"},
		"64 kB":                      {[]byte(svg + strings.Repeat(" ", MaxLogo-len(svg))), "image/svg+xml"},
		"one byte more":              {[]byte(svg + strings.Repeat(" ", MaxLogo-len(svg)+1)), "it is larger than 64 kB: make the image smaller"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := NewLogo(tt.data)
			if err != nil {
				if !strings.HasSuffix(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				return
			}
			if f.Type != tt.want || !strings.HasSuffix(f.CSP, "; sandbox") || FileNamed(f.Name) != nil || !strings.HasPrefix(f.Name, "logo-") {
				t.Errorf("got %s of type %s", f.Name, f.Type)
			}
		})
	}
}
