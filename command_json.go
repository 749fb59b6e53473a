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

// printJSON prints a document as it is: no escapes that only HTML needs.
func printJSON(w io.Writer, document any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(document)
}
