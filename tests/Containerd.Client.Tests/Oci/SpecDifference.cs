using System.Text.Json.Nodes;

namespace Containerd.Client.Tests.Oci;

/// <summary>Lists where two specs differ. Lists of text are compared by their entries, in order where both have them.</summary>
internal static class SpecDifference
{
    public static IEnumerable<string> Between(JsonNode? theirs, JsonNode? ours, string place = "")
    {
        if (theirs is JsonObject leftMembers && ours is JsonObject rightMembers)
            return leftMembers.Select(member => member.Key).Union(rightMembers.Select(member => member.Key))
                .SelectMany(name => Between(leftMembers[name], rightMembers[name], place.Length == 0 ? name : $"{place}.{name}"));
        if (theirs is JsonArray left && ours is JsonArray right)
            return left.Concat(right).All(item => item is JsonValue) ? Entries(left, right, place) : Items(left, right, place);
        return JsonNode.DeepEquals(theirs, ours) ? [] : [$"{place}: {Show(theirs)} -> {Show(ours)}"];
    }

    private static IEnumerable<string> Entries(JsonArray theirs, JsonArray ours, string place)
    {
        string[] left = [.. theirs.Select(Show)], right = [.. ours.Select(Show)];
        foreach (string gone in left.Except(right))
            yield return $"{place}: - {gone}";
        foreach (string more in right.Except(left))
            yield return $"{place}: + {more}";
        if (!left.Intersect(right).SequenceEqual(right.Intersect(left)) || left.Distinct().Count() != left.Length || right.Distinct().Count() != right.Length)
            yield return $"{place}: another order or repetition: {string.Join(' ', left)} -> {string.Join(' ', right)}";
    }

    private static IEnumerable<string> Items(JsonArray theirs, JsonArray ours, string place)
    {
        for (int i = 0; i < Math.Max(theirs.Count, ours.Count); i++)
            foreach (string difference in Between(i < theirs.Count ? theirs[i] : null, i < ours.Count ? ours[i] : null, $"{place}[{i}]"))
                yield return difference;
    }

    private static string Show(JsonNode? node) => node?.ToJsonString() ?? "(absent)";
}
