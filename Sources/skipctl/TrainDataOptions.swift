import ArgumentParser
import SkipRNN
import SkipRNNTraining

/// How `skipctl train` and `skipctl eval` cut recordings into sequences.
struct TrainWindowOptions: ParsableArguments {
    @Option(help: "Timesteps of a window; whole recordings by default.")
    var window: Int?
    @Option(help: "Timesteps from one window's start to the next one's; half a window by default.")
    var stride: Int?
    @Option(help: "Keep every how many-th timestep: plain subsampling.")
    var every = 1

    func validate() throws {
        guard window.map({ $0 > 0 }) ?? true else { throw ValidationError("--window must be a whole number from 1 up") }
        guard stride.map({ $0 > 0 }) ?? true else { throw ValidationError("--stride must be a whole number from 1 up") }
        guard every > 0 else { throw ValidationError("--every must be a whole number from 1 up") }
    }

    var windows: WindowOptions {
        var options = WindowOptions()
        options.length = window
        options.stride = stride
        options.every = every
        return options
    }
}

/// Which groups train, validate and test, and how training sequences are varied.
struct TrainDataOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Groups (people, devices) to validate on: their folders' names, or their numbers.", valueName: "g,…"))
    var validationGroups: GroupList?
    @Option(help: "The share of groups to validate on where none are named; 0 for none.")
    var validationFraction = 0.0
    @Option(help: ArgumentHelp("Groups to test on at the end, named likewise.", valueName: "g,…"))
    var testGroups: GroupList?
    @Option(help: "The share of groups to test on where none are named; 0 for none.")
    var testFraction = 0.0
    @Flag(help: "Train once for each group with that group held out, report each, then train on all.")
    var leaveOneGroupOut = false

    @Option(help: "Turn triples of channels (x, y, z) about a random axis by at most so many degrees.")
    var augmentRotation = 0.0
    @Option(help: "Change a sequence's amplitude by at most this share.")
    var augmentScale = 0.0
    @Option(help: "Add noise of so many standard deviations of each channel.")
    var augmentNoise = 0.0
    @Option(help: "Change a sequence's speed by at most this share.")
    var augmentSpeed = 0.0
    @Option(help: ArgumentHelp("Change these channels' signs together in half of the sequences: the other wrist's mirror image, such as ax,wy,wz.", valueName: "channel,…"))
    var augmentMirror: String?
    @Option(help: "Leave off at most this share of a sequence at its end, so that no model learns its length.")
    var augmentCrop = 0.0
    @Option(help: "Stretch half of the sequences by up to so much, for a model whose stretch is changed later; 1 for none.")
    var augmentStretch = 1.0
    @Flag(help: "Begin windows at random places near their own.")
    var augmentShift = false

    func validate() throws {
        guard (0..<1).contains(validationFraction) else { throw ValidationError("--validation-fraction must be from 0 to below 1") }
        guard (0..<1).contains(testFraction), validationFraction + testFraction < 1 else { throw ValidationError("--test-fraction must be from 0 up, and below 1 together with --validation-fraction") }
        guard (1...1000).contains(augmentStretch) else { throw ValidationError("--augment-stretch must be from 1 to 1000") }
        for (name, value, bound) in [("rotation", augmentRotation, 180.0), ("scale", augmentScale, 0.99), ("noise", augmentNoise, 10), ("speed", augmentSpeed, 0.9), ("crop", augmentCrop, 0.95)] {
            guard (0...bound).contains(value) else { throw ValidationError("--augment-\(name) must be from 0 to \(bound)") }
        }
    }

    /// - Parameter recordings: whose channels are mirrored.
    func augmentation(of recordings: Recordings) throws(FileFormatError) -> Augmentation {
        var augmentation = Augmentation()
        for name in augmentMirror?.split(separator: ",") ?? [] {
            guard let channel = recordings.channels.firstIndex(of: String(name)) else {
                throw FileFormatError(recordings.file, "has no channel \(name) for --augment-mirror; its channels are \(recordings.channels.joined(separator: ", "))")
            }
            augmentation.mirrored.append(channel)
        }
        augmentation.rotation = augmentRotation
        augmentation.scale = augmentScale
        augmentation.noise = augmentNoise
        augmentation.speed = augmentSpeed
        augmentation.crop = augmentCrop
        augmentation.stretch = augmentStretch
        augmentation.shifts = augmentShift
        return augmentation
    }
}
