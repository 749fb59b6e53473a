package proconnect

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"
)

// wantsJSON says whether a program reads what is printed.
func wantsJSON(c *cobra.Command) bool {
	wants, _ := c.Flags().GetBool("json")
	return wants
}

// tell prints what a command found out: the document for a program, else the text. It
// prints the document as it is: no escapes that only HTML needs.
func tell(c *cobra.Command, code int, document any, text func(io.Writer)) (int, error) {
	if !wantsJSON(c) {
		text(c.OutOrStdout())
		return code, nil
	}
	enc := json.NewEncoder(c.OutOrStdout())
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return code, enc.Encode(document)
}
