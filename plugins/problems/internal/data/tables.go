package data

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// The tables of numbers for regression. Energy and PowerPlant are copies of UCI's spreadsheets as
// text, which much of the literature uses.

// Boston is the Boston housing data.
var Boston = &Set{
	Name: "boston",
	Doc: "Boston housing: 506 tracts, 13 features, median value of homes; a feature is " +
		"contested, see the README",
	Source: "Harrison and Rubinfeld 1978, doi:10.1016/0095-0696(78)90006-2; file of " +
		"scikit-learn 1.2.1",
	Licence: "none stated",
	Files: []File{{
		Name: "boston_house_prices.csv", Size: 34742,
		SHA256: "d98212636026544fc9b9c0f372e5f819872e6fa6fa757ab025efdda22180f2d6",
	}},
	embedded: embedded,
}

// Wine is the wine recognition data.
var Wine = &Set{
	Name:    "wine",
	Doc:     "wine recognition: 178 wines, 13 features, 3 classes",
	Source:  "Aeberhard and Forina 1991, doi:10.24432/C5PC7J; file of scikit-learn 1.2.1",
	Licence: "CC BY 4.0",
	Files: []File{{
		Name: "wine_data.csv", Size: 11157,
		SHA256: "10e8a802908b34f86e5da8ce962f3c806694bc98450a18f61851af59f324bede",
	}},
	embedded: embedded,
}

// Yacht is the yacht hydrodynamics data.
var Yacht = &Set{
	Name:    "yacht",
	Doc:     "yacht hydrodynamics: 308 experiments, 6 features, residuary resistance",
	Source:  "Gerritsma, Onnink and Versluis 1981, doi:10.24432/C5XG7R",
	Licence: "CC BY 4.0",
	Files: []File{{
		Name: "yacht_hydrodynamics.data", Size: 11487,
		SHA256: "00dfecc0fc01ddd4c90b558a3ac11b246df8ebcfea130724223475a9a67f0ea1",
	}},
	embedded: embedded,
}

// Energy is the energy efficiency data with the first of its two targets.
var Energy = &Set{
	Name: "energy",
	Doc:  "energy efficiency: 768 buildings, 8 features, heating load",
	Source: "Tsanas and Xifara 2012, doi:10.24432/C51307; as text, from the data of Gal and " +
		"Ghahramani 2016",
	Licence: "CC BY 4.0",
	Files: []File{{
		Name: "energy.txt", Size: 35309,
		SHA256: "7f8bf024cea437267d56be99b7af7bb3faebec8a7bccfbb20d06d52d9372a950",
	}},
	embedded: embedded,
}

// PowerPlant is the combined cycle power plant data.
var PowerPlant = &Set{
	Name:    "power-plant",
	Doc:     "combined cycle power plant: 9568 hours, 4 features, electrical output",
	Source:  "Tüfekci 2014, doi:10.24432/C5002N; as text, from the data of Gal and Ghahramani 2016",
	Licence: "CC BY 4.0",
	Files: []File{{
		Name: "power_plant.txt", Size: 308680,
		SHA256: "daebd20c408dfc5c4979604f240e891be162c3a5d00d662380aa669044a1fb31",
	}},
	embedded: embedded,
}

// A1a is the smallest of Platt's subsets of the adult data.
var A1a = &Set{
	Name: "a1a",
	Doc:  "a1a: 1605 people of a census, 119 binary features, income above or below $50,000",
	Source: "Becker and Kohavi 1996, doi:10.24432/C5XW20; prepared by Platt 1998; file of " +
		"LIBSVM's collection",
	Licence: "CC BY 4.0",
	Files: []File{{
		Name: "a1a", Size: 114818,
		SHA256: "eb54c45f1bdb51286f803dd092eb8202b44637a858fc6c4e533a2d64a0d94b4e",
	}},
	embedded: embedded,
}

// ReadNumbers returns the rows of numbers in the single file of a set: features, followed by the
// target. Lines before the first such row are the header.
func ReadNumbers(s *Set, features int) (rows [][]float64, err error) {
	b, err := s.Read(s.Files[0].Name)
	if err != nil {
		return nil, err
	}
	if rows, err = parseNumbers(b, features); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Files[0].Name, err)
	}
	return rows, nil
}

func parseNumbers(b []byte, features int) (rows [][]float64, err error) {
	number := 0
	for line := range bytes.Lines(b) {
		number++
		fields := strings.FieldsFunc(string(line),
			func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
		row, err := parse(fields, features+1)
		switch {
		case err == nil:
			rows = append(rows, row)
		case len(rows) > 0 && len(fields) > 0:
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if rows == nil {
		return nil, fmt.Errorf("no line has %d numbers", features+1)
	}
	return rows, nil
}

func parse(fields []string, want int) ([]float64, error) {
	if len(fields) != want {
		return nil, fmt.Errorf("%d numbers, want %d", len(fields), want)
	}
	row := make([]float64, want)
	for i, field := range fields {
		var err error
		if row[i], err = strconv.ParseFloat(field, 64); err != nil {
			return nil, err
		}
	}
	return row, nil
}

// A1aFeatures is the number of features that occur in A1a. The complete adult data has 123.
const A1aFeatures = 119

// ReadA1a returns the rows of A1a in the form of [ReadNumbers]: features that are 0 or 1, followed
// by the class −1 or +1.
func ReadA1a() (rows [][]float64, err error) {
	b, err := A1a.Read("a1a")
	if err != nil {
		return nil, err
	}
	if rows, err = parseA1a(b); err != nil {
		return nil, fmt.Errorf("a1a: %w", err)
	}
	return rows, nil
}

func parseA1a(b []byte) (rows [][]float64, err error) {
	for line := range bytes.Lines(b) {
		fields := strings.Fields(string(line)) // "-1 3:1 11:1 …", features from 1
		row := make([]float64, A1aFeatures+1)
		if len(fields) == 0 || fields[0] != "-1" && fields[0] != "+1" {
			return nil, fmt.Errorf("line %d: %.80q, want a class of -1 or +1 and features",
				len(rows)+1, line)
		}
		row[A1aFeatures] = 1
		if fields[0] == "-1" {
			row[A1aFeatures] = -1
		}
		for _, field := range fields[1:] {
			at, value, _ := strings.Cut(field, ":")
			j, err := strconv.Atoi(at)
			if err != nil || j < 1 || j > A1aFeatures || value != "1" {
				return nil, fmt.Errorf("line %d: %.80q, want a feature from 1 to %d with the "+
					"value 1", len(rows)+1, field, A1aFeatures)
			}
			row[j-1] = 1
		}
		rows = append(rows, row)
	}
	return rows, nil
}
