import EventLoop

/// How people name a line: by what is stable on their board.
public struct GPIOLineName: Hashable, Sendable, CustomStringConvertible {
    public enum Line: Hashable, Sendable {
        /// Counted from 0 on its chip.
        case offset(UInt32)
        /// As the device tree calls it.
        case name(String)
    }

    /// Path (begins with `/`) or label of the chip; nil when the name of the line says enough.
    public var chip: String?
    public var line: Line

    public init(chip: String? = nil, line: Line) {
        self.chip = chip
        self.line = line
    }

    public var description: String {
        let place =
            switch line {
            case .offset(let offset): "line \(offset)"
            case .name(let name): "line \(name)"
            }
        return chip.map { "\(place) of \($0)" } ?? place
    }
}

/// Why lines could not be taken, for people.
struct GPIOLookUpError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// Finds lines among the chips that are there now.
struct GPIOLookUp {
    let kernel: any GPIOKernel

    struct Place: Equatable {
        var chip: String
        var offset: UInt32
    }

    /// The chip that has all of `names`, and where they are on it.
    func find(_ names: [GPIOLineName]) throws(GPIOLookUpError) -> (chip: String, offsets: [UInt32]) {
        var places: [Place] = []
        for name in names { places.append(try find(name)) }
        guard let chip = places.first?.chip, places.allSatisfy({ $0.chip == chip }) else {
            throw GPIOLookUpError("\(names.map(\.description).joined(separator: ", ")): not on one chip")
        }
        return (chip, places.map(\.offset))
    }

    private func find(_ name: GPIOLineName) throws(GPIOLookUpError) -> Place {
        var found: [Place] = []
        var problem: SystemError?
        for path in candidates(name.chip) {
            do throws(SystemError) {
                found += try find(name, in: path)
            } catch {
                problem = error
            }
        }
        if found.count > 1 { throw GPIOLookUpError("\(name): there are \(found.count) of that name; say which chip") }
        guard let place = found.first else {
            throw GPIOLookUpError(problem.map { "\(name): \($0)" } ?? "\(name): not there")
        }
        return place
    }

    private func candidates(_ chip: String?) -> [String] {
        guard let chip, chip.hasPrefix("/") else { return kernel.chips() }
        return [chip]
    }

    private func find(_ name: GPIOLineName, in path: String) throws(SystemError) -> [Place] {
        let chip = try kernel.open(path)
        defer { kernel.close(chip) }
        let info = try kernel.chipInfo(chip)
        if let wanted = name.chip, !wanted.hasPrefix("/"), wanted != info.label, wanted != info.name { return [] }
        switch name.line {
        case .offset(let offset): return offset < info.lines ? [Place(chip: path, offset: offset)] : []
        case .name(let wanted):
            var found: [Place] = []
            for offset in 0..<info.lines where try kernel.lineInfo(chip, offset: offset).name == wanted {
                found.append(Place(chip: path, offset: offset))
            }
            return found
        }
    }
}
