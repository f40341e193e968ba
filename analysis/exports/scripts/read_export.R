# Read a Trialsite export (profile: statistics software) into R: types, factors, dates, missing values.
#
#   source("read_export.R")
#   data <- read_export("KETNAL")        # the folder with codebook.csv
#   str(data$assessments)
#
# Text stays text ("01" is a site, not a number). A text column with codes becomes a factor in the codebook's order,
# its levels the codes; the labels: code_labels("KETNAL", "visits", "status"). Several codes in one cell: has_code(x, "A").
# Dates known in part stay text ("2026-03"). Base R alone, 4.0 or later.

read_text <- function(path) {
  read.csv(path, colClasses = "character", na.strings = "", check.names = FALSE,
           strip.white = FALSE, encoding = "UTF-8")
}

read_column <- function(values, kind, levels) {
  if (kind %in% c("integer", "flag")) {
    numbers <- as.numeric(values)
    return(if (all(abs(numbers) <= .Machine$integer.max, na.rm = TRUE)) as.integer(numbers) else numbers)
  }
  if (kind == "number") return(as.numeric(values))
  if (kind == "date") return(as.Date(values, format = "%Y-%m-%d"))
  if (kind == "moment") return(as.POSIXct(values, format = "%Y-%m-%dT%H:%M:%OSZ", tz = "UTC"))
  if (kind == "local_moment") {
    values <- sub("T([0-9]{2}:[0-9]{2})([+-])", "T\\1:00\\2", values)
    values <- sub(":([0-9]{2})$", "\\1", values)
    return(as.POSIXct(values, format = "%Y-%m-%dT%H:%M:%S%z", tz = "UTC"))
  }
  if (length(levels) > 0 && kind != "codes") return(factor(values, levels = levels))
  values
}

read_export <- function(folder = ".") {
  codebook <- read_text(file.path(folder, "codebook.csv"))
  codes <- read_text(file.path(folder, "codes.csv"))
  files <- unique(codebook$file)
  tables <- lapply(files, function(file) {
    table <- read_text(file.path(folder, file))
    own <- codebook[codebook$file == file, ]
    for (n in seq_len(nrow(own))) {
      name <- own$column[n]
      levels <- codes$code[codes$file == file & codes$column == name]
      table[[name]] <- read_column(table[[name]], own$type[n], levels)
    }
    table
  })
  names(tables) <- sub("\\.csv$", "", files)
  tables
}

code_labels <- function(folder, table, column) {
  codes <- read_text(file.path(folder, "codes.csv"))
  own <- codes[codes$file == paste0(table, ".csv") & codes$column == column, ]
  setNames(own$label, own$code)
}

# Whether `code` is one of the several codes of each cell.
has_code <- function(values, code) {
  vapply(strsplit(values, "; ", fixed = TRUE), function(codes) if (anyNA(codes)) NA else code %in% codes, NA)
}
