import HardwareCore
import HardwareDevices
import Primitives
import ServiceHost
import SiteConfiguration
import Storage

/// Where the descriptions of meters are: in the folder `meters` beside the site's file, and behind those the ones that come with the charger.
struct MeterFiles {
    /// Of the package.
    static let shippedFolder = "/usr/share/charger/meters"

    let folders: [String]

    init(folders: [String]) { self.folders = folders }

    /// Those for one site's file, which is named by its path.
    init(_ site: SiteFile) {
        let parts = site.name.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let folder = parts.isEmpty ? "." : parts.joined(separator: "/")
        self.init(folders: ["\(folder)/meters", Self.shippedFolder])
    }

    /// The description of a type.
    /// - Throws: `SiteFileErrors` when no folder has one, or it has mistakes.
    func description(_ type: String) throws(SiteFileErrors) -> MeterDescription {
        for folder in folders {
            let path = "\(folder)/\(type).json"
            let bytes: [UInt8]
            do throws(SmallFileError) {
                bytes = try SmallFile(path, maximumBytes: SiteFile.maximumBytes).read(from: .chosen)
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
    static func mistakes(_ site: SiteFile) -> [SiteFileError] {
        guard let settings = try? HardwareSettings(site, seed: 0) else { return [] }
        let files = MeterFiles(site)
        var told: Set<String> = []
        var loads = LineLoads()
        let mistakes = settings.assignments.flatMap { assignment -> [SiteFileError] in
            guard let type = site.meterType(assignment.choice) else { return [] }
            do throws(SiteFileErrors) {
                let description = try files.description(type)
                let phases = settings.hardware.phases(of: assignment.device)
                let objection = MeterMap.objection(to: description, phases: phases)
                loads.add(MeterMap(description, phases: phases), site, assignment.choice)
                return objection.map { [site.failure(at: "\(assignment.choice.path).type", $0)] } ?? []
            } catch {
                guard told.insert(type).inserted else { return [] }
                let here = "\(assignment.choice.path).type"
                return error.mistakes.map { $0.file == "meters" ? site.failure(at: here, $0.problem) : $0 }
            }
        }
        return mistakes + loads.mistakes(site)
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

extension HardwareConfiguration {
    /// Of what a meter measures.
    func phases(of device: Device) -> Int {
        guard device != .meter(connectorId: MainMeterConfiguration.connectorId) else { return mainMeter?.phases ?? 1 }
        return connectors.first { $0.connectorId == device.connectorId }?.phases ?? 1
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
