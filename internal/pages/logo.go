package pages

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
)

// MaxLogo is how large a logo may be, in bytes.
const MaxLogo = 64 << 10

// svgSpace is the namespace without which a browser takes no XML for an image.
const svgSpace = "http://www.w3.org/2000/svg"

// NewLogo makes a file of an image that pages may show. As an image an SVG drawing runs no
// script and loads nothing, and opened by itself the file's policy keeps it from both: what
// it holds is not looked at but for whether it is one.
func NewLogo(data []byte) (*File, error) {
	if len(data) > MaxLogo {
		return nil, fmt.Errorf("it is larger than %d kB: make the image smaller", MaxLogo>>10)
	}
	if bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) {
		return newFile("logo", ".png", typePNG, data), checkPNG(data)
	}
	return newFile("logo", ".svg", typeSVG, data), checkSVG(data)
}

// maxLogoSide bounds, in pixels, what a few bytes of a PNG image may unpack to.
const maxLogoSide = 2048

// checkPNG says why a browser would not show a PNG image.
func checkPNG(data []byte) error {
	size, err := png.DecodeConfig(bytes.NewReader(data))
	if err == nil && max(size.Width, size.Height) > maxLogoSide {
		return fmt.Errorf("it is %d by %d pixels: make the image smaller, 200 pixels are enough", size.Width, size.Height)
	}
	if err == nil {
		_, err = png.Decode(bytes.NewReader(data))
	}
	if err != nil {
		return errors.New("the PNG image is damaged")
	}
	return nil
}

// checkSVG says why a browser would not show an SVG image.
func checkSVG(data []byte) error {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = false // entities that a drawing program declares
	for {
		token, err := d.Token()
		if err != nil {
			return errors.New("want an image in SVG or PNG")
		}
		root, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if root.Name.Local != "svg" {
			return errors.New("want an image in SVG or PNG")
		}
		if root.Name.Space != svgSpace {
			return fmt.Errorf("the SVG image shows nowhere without xmlns=%q in its first element", svgSpace)
		}
		return nil
	}
}
