internal import HardwareDevices
internal import JSON
internal import Primitives
public import SiteConfiguration
internal import Storage

/// Where the descriptions of meters are: in the folder `meters` beside the site's file, and behind those the ones that come with the charger.
public struct MeterFiles {
    /// Of the package.
    static let shippedFolder = "/usr/share/charger/meters"

    let folders: [String]

    init(folders: [String]) { self.folders = folders }

    /// Those for one site's file, which is named by its path.
    public init(_ site: SiteFile) {
        let parts = site.name.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let folder = parts.isEmpty ? "." : parts.joined(separator: "/")
        self.init(folders: ["\(folder)/meters", Self.shippedFolder])
    }

    /// The description of a type.
    /// - Throws: `SiteFileErrors` when no folder has one, or it has mistakes.
    public func description(_ type: String) throws(SiteFileErrors) -> MeterDescription {
        for folder in folders {
            let path = "\(folder)/\(type).json"
            let bytes: [UInt8]
            do throws(SmallFileError) {
                bytes = try SmallFile(path, maximumBytes: SiteFile.maximumBytes).read(from: .regular)
            } catch {
                if error.isAbsence { continue }
                throw SiteFileErrors([SiteFileError(file: path, path: "", problem: error.description)])
            }
            return try MeterDescription.read(bytes, name: path)
        }
        let known = knownTypes
        let nearest = NearestName.of(type, in: known).map { "; did you mean \"\($0)\"?" } ?? ""
        let problem = "there is no \(type).json in \(folders.joined(separator: " or "))\(nearest)"
        throw SiteFileErrors([SiteFileError(file: "meters", path: "", problem: problem)])
    }

    /// What is wrong with the meters of a site's file that is right by itself: missing descriptions, mistakes in them, too few phases, and lines
    /// that have more to do than fits.
    public static func mistakes(_ site: SiteFile) -> [SiteFileError] {
        let files = MeterFiles(site)
        var told: Set<String> = []
        var loads = LineLoads()
        let undescribed = types(in: site).flatMap { place, type -> [SiteFileError] in
            guard told.insert(type).inserted else { return [] }
            do throws(SiteFileErrors) {
                _ = try files.description(type)
                return []
            } catch {
                return error.mistakes.map { $0.file == "meters" ? site.failure(at: place, $0.problem) : $0 }
            }
        }
        let unfit = meters(of: site).compactMap { meter -> SiteFileError? in
            guard let type = site.meterType(meter.choice), let description = try? files.description(type) else {
                return nil
            }
            loads.add(MeterMap(description, phases: meter.phases), site, meter.choice)
            return MeterMap.objection(to: description, phases: meter.phases).map {
                site.failure(at: "\(meter.choice.path).type", $0)
            }
        }
        return undescribed + unfit + loads.mistakes(site)
    }

    /// The type of every meter on Modbus and where it stands, also in a section that is wrong otherwise: all mistakes are told at once. A type that
    /// could not be one is told of by its section.
    private static func types(in site: SiteFile) -> [(place: String, type: String)] {
        let content = site.content.asObject
        var meters = (content?["connectors"]?.asArray ?? []).enumerated().map { index, connector in
            (place: "connectors[\(index)].meter.type", meter: connector.asObject?["meter"])
        }
        meters.append(("mainMeter.meter.type", content?["mainMeter"]?.asObject?["meter"]))
        return meters.compactMap { place, meter in
            guard let settings = meter?.asObject, let driver = settings["driver"]?.asString,
                [ModbusSerialSettings.driver, ModbusNetworkSettings.driver].contains(driver),
                let type = settings["type"]?.asString, MeterChoice.isType(type)
            else { return nil }
            return (place, type)
        }
    }

    /// Every meter, and the phases of what it measures; none of a section that is wrong, which tells its own mistakes.
    private static func meters(of site: SiteFile) -> [(choice: DriverChoice, phases: Int)] {
        let connectors = (try? site.connectors()) ?? []
        let main = try? site.mainMeter()
        return connectors.map { ($0.meter, $0.phases) } + (main.map { [($0.meter, $0.phases)] } ?? [])
    }

    private var knownTypes: [String] {
        folders.flatMap { (try? KernelFileSystem().names(inFolder: $0)) ?? [] }.sorted().filter {
            $0.hasSuffix(".json")
        }.map { String($0.dropLast(5)) }
    }
}

extension SiteFile {
    /// The description that a meter on Modbus is read by; nil for what is none.
    fileprivate func meterType(_ choice: DriverChoice) -> String? {
        switch choice.driver {
        case ModbusSerialSettings.driver: try? settings(of: choice, as: ModbusSerialSettings.self).meter.type
        case ModbusNetworkSettings.driver: try? settings(of: choice, as: ModbusNetworkSettings.self).meter.type
        default: nil
        }
    }
}

/// What the meters of each serial line make it do.
private struct LineLoads {
    /// In the order of the file.
    private var lines: [(port: String, baud: Int, path: String, load: LineLoad)] = []

    mutating func add(_ map: MeterMap, _ site: SiteFile, _ choice: DriverChoice) {
        guard choice.driver == ModbusSerialSettings.driver,
            let line = try? site.settings(of: choice, as: ModbusSerialSettings.self).line
        else { return }
        guard let place = lines.firstIndex(where: { $0.port == line.port }) else {
            var load = LineLoad(baud: line.line.baud)
            load.add(map)
            return lines.append((line.port, line.line.baud, choice.path, load))
        }
        lines[place].load.add(map)
        lines[place].path = choice.path
    }

    func mistakes(_ site: SiteFile) -> [SiteFileError] {
        lines.filter(\.load.isTooMuch).map { line in
            site.failure(at: line.path, "\(line.port) at \(line.baud) bit/s: \(line.load.words)")
        }
    }
}
