package figure

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"path/filepath"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/encoding/charmap"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"

	"noisebench/results"
)

// Formats are the formats of files, by their endings.
var Formats = []string{"svg", "pdf", "png"}

const dpi = 200 // of PNG

func init() {
	// Files have no date of creation, and list their contents in order.
	fpdf.SetDefaultCreationDate(time.Unix(0, 0).UTC())
	fpdf.SetDefaultModificationDate(time.Unix(0, 0).UTC())
	fpdf.SetDefaultCatalogSort(true)
}

// Write writes the figure in one of Formats.
func (f *Figure) Write(w io.Writer, format string) error {
	switch format {
	case "svg":
		c := vgsvg.New(f.Width, f.Height)
		f.draw(draw.New(c))
		var b bytes.Buffer
		if _, err := c.WriteTo(&b); err != nil {
			return err
		}
		// Where Liberation Sans is not installed, Arial and Helvetica have its measures.
		_, err := io.WriteString(w, strings.ReplaceAll(b.String(), "font-family:Liberation Sans;",
			"font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
		return err
	case "pdf":
		c := vgpdf.New(f.Width, f.Height)
		f.draw(draw.NewCanvas(latin{c}, f.Width, f.Height))
		_, err := c.WriteTo(w)
		return err
	case "png":
		c := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(f.Width, f.Height),
			vgimg.UseDPI(dpi))}
		f.draw(draw.New(c))
		_, err := c.WriteTo(w)
		return err
	}
	return fmt.Errorf("figures are written as %s, not as %q", strings.Join(Formats, ", "), format)
}

// Save writes the figure to a file in the format of its ending, and caption and notes, if any, to
// one beside it that ends in .txt. A file is written as a whole or not at all.
func (f *Figure) Save(path string) error {
	ending := filepath.Ext(path)
	format := strings.TrimPrefix(ending, ".")
	if err := results.WriteWhole(path,
		func(w io.Writer) error { return f.Write(w, format) }); err != nil || f.Caption == "" {
		return err
	}
	text := strings.Join(append([]string{f.Caption}, f.Notes...), "\n") + "\n"
	return results.WriteWhole(strings.TrimSuffix(path, ending)+".txt", func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

// latin is a PDF canvas for text in UTF-8: the library takes the bytes of strings for those of
// Windows-1252. A string with characters that this lacks, such as Greek ones, is drawn as outlines.
// Colours may be transparent: the library takes premultiplied ones for straight ones.
type latin struct{ vg.Canvas }

// SetColor implements vg.Canvas.
func (c latin) SetColor(col color.Color) {
	c.Canvas.SetColor(straight(color.NRGBAModel.Convert(col).(color.NRGBA)))
}

// straight is a colour that is not premultiplied by its opacity, although image/color asks for
// that.
type straight color.NRGBA

// RGBA implements color.Color.
func (s straight) RGBA() (r, g, b, a uint32) {
	return uint32(s.R) * 0x101, uint32(s.G) * 0x101, uint32(s.B) * 0x101, uint32(s.A) * 0x101
}

// FillString implements vg.Canvas.
func (c latin) FillString(f font.Face, at vg.Point, s string) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		v, ok := charmap.Windows1252.EncodeRune(r)
		if r == '−' {
			v, ok = charmap.Windows1252.EncodeRune('–')
		}
		if !ok {
			c.Canvas.Fill(outline(f, at, s))
			return
		}
		b = append(b, v)
	}
	c.Canvas.FillString(f, at, string(b))
}

// outline returns the outlines of the glyphs of a string that starts at a point, as wide as
// [font.Face.Width] says.
func outline(f font.Face, at vg.Point, s string) vg.Path {
	var path vg.Path
	var buf sfnt.Buffer
	units := fixed.I(int(f.Face.UnitsPerEm())) // glyphs in their own unit
	scale := f.Font.Size / vg.Length(units)
	before := ""
	for _, r := range s {
		left := at.X + f.Width(before)
		before += string(r)
		index, err := f.Face.GlyphIndex(&buf, r)
		if err != nil {
			continue
		}
		segments, err := f.Face.LoadGlyph(&buf, index, units, nil)
		if err != nil {
			continue
		}
		point := func(p fixed.Point26_6) vg.Point { // y goes down in fonts, up on the page
			return vg.Point{X: left + vg.Length(p.X)*scale, Y: at.Y - vg.Length(p.Y)*scale}
		}
		for i, segment := range segments {
			a := segment.Args
			switch segment.Op {
			case sfnt.SegmentOpMoveTo:
				if i > 0 {
					path.Close()
				}
				path.Move(point(a[0]))
			case sfnt.SegmentOpLineTo:
				path.Line(point(a[0]))
			case sfnt.SegmentOpQuadTo:
				path.QuadTo(point(a[0]), point(a[1]))
			case sfnt.SegmentOpCubeTo:
				path.CubeTo(point(a[0]), point(a[1]), point(a[2]))
			}
		}
		if len(segments) > 0 {
			path.Close()
		}
	}
	return path
}
